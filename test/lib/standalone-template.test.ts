import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { codeFromParameters } from '../../lib/code-from-parameters.ts'
import { CDK_CONTEXT, makeApp, type Resource } from './deployed.ts'

interface Template {
  readonly Parameters?: Readonly<Record<string, object>>
  readonly Rules?: object
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs: object
}

function templateOf(settings: Readonly<Record<string, unknown>>, props: Parameters<typeof makeApp>[2] = {}): Template {
  const { app, stack, remove } = makeApp(settings, CDK_CONTEXT, props)
  const template = app.synth().getStackByName(stack.stackName).template as Template
  remove()
  return template
}

/** Has every kind of resource. */
const STRICT = {
  profile: 'strict',
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: 'subnet-0123456789abcdef0',
  bucketName: 'team-uploads',
}

describe('the template without the CDK', () => {
  const standalone = templateOf(STRICT, { synthesizer: codeFromParameters() })

  test('has the resources and outputs of the one that the CDK deploys; only the place of the code differs', () => {
    const deployed = templateOf(STRICT)
    const withoutCode = ({ Resources }: Template) =>
      Object.fromEntries(
        Object.entries(Resources).map(([id, resource]) => {
          const { Code: _code, ...properties } = resource.Properties
          return [id, resource.Type === 'AWS::Lambda::Function' ? { ...resource, Properties: properties } : resource]
        }),
      )
    expect(withoutCode(standalone)).toEqual(withoutCode(deployed))
    expect(standalone.Outputs).toEqual(deployed.Outputs)
  })

  test('takes the code from the bucket and key of its two parameters', () => {
    expect(Object.keys(standalone.Parameters ?? {})).toEqual(['CodeBucket', 'CodeKey'])
    const functions = Object.values(standalone.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function')
    expect(functions.map(({ Properties }) => Properties['Code'])).toEqual([
      { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { Ref: 'CodeKey' } },
    ])
  })

  test('needs no bootstrap stack and no custom resource', () => {
    const text = JSON.stringify(standalone)
    expect(standalone.Rules).toBeUndefined()
    expect(text).not.toMatch(/cdk-bootstrap|cdk-hnb659fds|AWS::SSM|"Custom::|AWS::CloudFormation::CustomResource/)
  })
})

describe('npm run template', () => {
  let output: string
  beforeAll(() => {
    output = mkdtempSync(path.join(tmpdir(), 'template-'))
  })
  afterAll(() => {
    rmSync(output, { recursive: true })
  })
  const template = (...args: readonly string[]) =>
    spawnSync(process.execPath, [path.resolve('bin/template.ts'), '-o', output, ...args], {
      encoding: 'utf8',
      cwd: tmpdir(),
      env: { ...process.env, CDK_VALIDATION: 'false' }, // it takes seconds, and synth.test.ts and cfn-lint validate the template
    })

  test('writes the template of the settings, and the code as a zip file that Lambda can load', () => {
    const { status, stdout, stderr } = template('-c', 'product=web-shop', '-c', 'tags=team=data')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const names = readdirSync(output).toSorted()
    expect(names).toEqual(['KissmetricsImporter-web-shop.template.json', expect.stringMatching(/^function-[0-9a-f]{16}\.zip$/)])
    for (const name of names) expect(stdout).toContain(name)
    const text = readFileSync(path.join(output, names[0]!), 'utf8')
    expect(JSON.parse(text)).toHaveProperty('Parameters.CodeKey')
    expect(text).toMatch(/"Key": "team",\s*"Value": "data"/)

    // Node cannot read zip files.
    const { status: isInstalled } = spawnSync('python3', ['--version'])
    if (isInstalled !== 0) {
      console.warn('SKIPPED: python3 is not installed, so the zip file was not read.')
      return
    }
    const unpacked = path.join(output, 'unpacked')
    const { status: read, stderr: why } = spawnSync('python3', ['-m', 'zipfile', '-e', path.join(output, names[1]!), unpacked], { encoding: 'utf8' }) // prettier-ignore
    expect({ read, why }).toEqual({ read: 0, why: '' })
    const load = `console.log(typeof (await import(${JSON.stringify(path.join(unpacked, 'index.mjs'))})).handler); process.exit()`
    const env = { AWS_REGION: 'eu-west-1', POWERTOOLS_LOG_LEVEL: 'SILENT' }
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', load], { encoding: 'utf8', cwd: output, env }).stdout).toBe(
      'function\n',
    )
  })
})
