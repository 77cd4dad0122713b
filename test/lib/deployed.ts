import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App, CfnResource, type StackProps } from 'aws-cdk-lib/core'
import type { IConstruct } from 'constructs'
import { ImporterStack } from '../../lib/importer-stack.ts'
import { readSettings } from '../../lib/settings.ts'

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

export const REGION = 'eu-west-1'
export const ACCOUNT = '111122223333'
export const GUID = '51af3dc0-da77-11e4-872e-1234567abcde'

export const CDK_CONTEXT = (JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> }).context

/**
 * The app of `bin/app.ts`, but without what takes seconds: bundling the function's code, and the CDK's own validation of the template.
 * synth.test.ts does both.
 */
export function makeApp(
  settings: Readonly<Record<string, unknown>> = {},
  flags: Readonly<Record<string, unknown>> = CDK_CONTEXT,
  props: Pick<StackProps, 'synthesizer'> = {},
) {
  const outdir = mkdtempSync(path.join(tmpdir(), 'importer-stack-'))
  const app = new App({ outdir, context: { ...flags, 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false })
  const stack = new ImporterStack(app, 'KissmetricsImporter', { settings: readSettings(settings), ...props })
  const remove = () => {
    rmSync(outdir, { recursive: true })
  }
  return { app, stack, outdir, remove }
}

/** The path of a construct in the stack. The construct that holds the importer is left out: its id adds nothing to the logical ids. */
export function pathIn(stack: ImporterStack, { node }: IConstruct): string {
  return node.path.slice(stack.node.path.length + 1).replace(/^Default\//, '')
}

/** The synthesized stack. */
export class Deployed {
  readonly resources: Readonly<Record<string, Resource>>
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>
  /** Logical ids, by path of the construct in the stack. */
  readonly idOf: ReadonlyMap<string, string>

  constructor(settings: Readonly<Record<string, unknown>> = {}, flags?: Readonly<Record<string, unknown>>) {
    const { app, stack, remove } = makeApp(settings, flags)
    const template: unknown = app.synth().getStackByName(stack.stackName).template
    remove()
    const { Resources, Outputs } = template as { Resources: Deployed['resources']; Outputs: Deployed['outputs'] }
    this.resources = Resources
    this.outputs = Outputs
    this.idOf = new Map(
      stack.node
        .findAll()
        .filter((construct) => construct instanceof CfnResource)
        .map((resource) => [pathIn(stack, resource), stack.resolve(resource.logicalId) as string]),
    )
  }

  /** @param constructPath for example `ImportQueue/Queue` */
  at(constructPath: string): Resource {
    const id = this.idOf.get(constructPath) ?? this.idOf.get(`${constructPath}/Resource`)
    const resource = id === undefined ? undefined : this.resources[id]
    if (resource === undefined) throw new Error(`there is no ${constructPath}; there are ${[...this.idOf.keys()].join(', ')}`)
    return resource
  }

  /** Evaluates intrinsic functions as CloudFormation would in REGION and ACCOUNT. @throws Error for a function that it does not support */
  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.resolve(each))
    if (typeof value !== 'object' || value === null) return value
    const [[name, argument] = ['', undefined], ...more] = Object.entries(value)
    if (more.length > 0 || !/^(Ref|Fn::.*)$/.test(name)) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.resolve(each)]))
    }
    if (name === 'Ref') return this.#ref(argument as string)
    const parts = this.resolve(argument) as [unknown, unknown]
    switch (name) {
      case 'Fn::GetAtt':
        return this.#attribute(parts[0] as string, parts[1] as string)
      case 'Fn::Join':
        return (parts[1] as string[]).join(parts[0] as string)
      case 'Fn::Split':
        return (parts[1] as string).split(parts[0] as string)
      case 'Fn::Select':
        return (parts[1] as string[])[parts[0] as number]
      default:
        throw new Error(`${name} is not supported here`)
    }
  }

  #ref(id: string): string {
    const pseudo = PSEUDO[id]
    if (pseudo !== undefined) return pseudo
    switch (this.#type(id)) {
      case 'AWS::SQS::Queue':
        return `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${this.#name(id, 'QueueName')}`
      case 'AWS::S3::Bucket':
        return this.#name(id, 'BucketName')
      case 'AWS::SecretsManager::Secret':
        return `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${id}-AbCdEf`
      default:
        return `<${id}>`
    }
  }

  #attribute(id: string, attribute: string): string {
    if (attribute !== 'Arn') throw new Error(`attribute ${attribute} is not supported here`)
    switch (this.#type(id)) {
      case 'AWS::SQS::Queue':
        return `arn:aws:sqs:${REGION}:${ACCOUNT}:${this.#name(id, 'QueueName')}`
      case 'AWS::S3::Bucket':
        return `arn:aws:s3:::${this.#name(id, 'BucketName')}`
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${id}:*`
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${ACCOUNT}:role/${id}`
      case 'AWS::KMS::Key':
        return `arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}`
      case 'AWS::Events::Rule':
        return `arn:aws:events:${REGION}:${ACCOUNT}:rule/${id}`
      default:
        throw new Error(`the ARN of ${id} is not supported here`)
    }
  }

  #type(id: string): string {
    return this.resources[id]?.Type ?? ''
  }

  #name(id: string, property: string): string {
    return this.resolve(this.resources[id]?.Properties[property]) as string
  }
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::AccountId': ACCOUNT,
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/KissmetricsImporter/${GUID}`,
}
