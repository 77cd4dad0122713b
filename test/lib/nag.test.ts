// cspell:ignore PCIDSS
import { describe, expect, test } from '@jest/globals'
import { Validations } from 'aws-cdk-lib/core'
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks } from 'cdk-nag'
import { makeApp, pathIn } from './deployed.ts'

/** Every finding of cdk-nag that we accept; lib/ gives the reason for each. Adding a line here is a decision. */
const ACKNOWLEDGED = [
  ['ImportBucket/Bucket', 'AwsSolutions-S1'],
  ['ImportQueue/DeadLetters', 'Serverless-SQSRedrivePolicy'],
  ['ApiKey/Secret', 'AwsSolutions-SMG4'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/incoming/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/reports/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/checkpoints/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/control/*]'],
  ['Importer/Function', 'Serverless-LambdaTracing'],
  ['Importer/Function', 'Serverless-LambdaDLQ'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/archived/*]'],
  ['DailyReconcile/Daily', 'Serverless-EventBusDLQ'],
  ['DailyArchive/Daily', 'Serverless-EventBusDLQ'],
  ['Importer/EventSource', 'Serverless-LambdaEventSourceMappingDestination'],
]

interface Acknowledged {
  readonly constructPath: string
  readonly id: string
  readonly reason: string
}

function acknowledged(stack: ReturnType<typeof makeApp>['stack']): Acknowledged[] {
  return stack.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({
        constructPath: pathIn(stack, construct),
        id: id.replace(/^Annotation::/, ''),
        reason,
      })),
  )
}

type Pack =
  | typeof AwsSolutionsChecks
  | typeof HIPAASecurityChecks
  | typeof NIST80053R5Checks
  | typeof PCIDSS321Checks
  | typeof ServerlessChecks

const PACKS = [AwsSolutionsChecks, ServerlessChecks]
const COMPLIANCE_PACKS = [HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks]

function findings(app: ReturnType<typeof makeApp>['app'], packs: readonly Pack[] = PACKS): string[] {
  return packs.flatMap((Pack) =>
    new Pack(app)
      .validateScope(app)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(
          ({ resourceLogicalId, constructPath }) => `${constructPath ?? resourceLogicalId ?? ''} ${ruleName}`,
        ),
      ),
  )
}

const { app, stack, remove } = makeApp()
const ids = ACKNOWLEDGED.map(([, id]) => id)
// In this order: the last step removes the acknowledgements.
const accepted = acknowledged(stack)
const reported = findings(app)
withoutAcknowledgements(stack)
const reportedWithoutThem = findings(app)
remove()

function withoutAcknowledgements(scope: typeof stack): void {
  for (const { node } of scope.node.findAll()) {
    const { metadata } = node
    // `node.metadata` returns a copy, so the acknowledgements are removed from the private field.
    Reflect.set(
      node,
      '_metadata',
      metadata.filter(({ type }) => type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY),
    )
  }
}

test('cdk-nag reports nothing but the acknowledged findings', () => {
  expect(reported).toEqual([])
})

test('exactly the listed findings are acknowledged, each with a reason', () => {
  expect(accepted.map(({ constructPath, id }) => [constructPath, id])).toEqual(expect.arrayContaining(ACKNOWLEDGED))
  expect(accepted).toHaveLength(ACKNOWLEDGED.length)
  for (const { reason } of accepted) expect(reason).toMatch(/^[A-Z].{40,}\.$/)
})

test('each acknowledgement still matches a finding', () => {
  expect(reportedWithoutThem.map((finding) => finding.split(' ').at(-1)).sort()).toEqual(ids.sort())
})

const VPC = { vpcId: 'vpc-0123456789abcdef0', subnetIds: 'subnet-0123456789abcdef0' }
const OTHERS = {
  alarmEmails: 'oncall@example.com',
  answerEmails: 'data@example.com',
  expectedFiles: 'incoming/daily/ within 24h rate(1 day)',
  uploaders: '444455556666',
  bucketName: 'team-uploads',
}
const TOPIC = 'arn:aws:sns:eu-west-1:444455556666:uploads'

describe.each([
  ['the strict profile', { profile: 'strict', ...VPC, ...OTHERS, prefixes: 'a/,b/' }],
  ['the strict profile, with its own bucket and existing access logs', { profile: 'strict', ...VPC, accessLogs: 'our-logs' }],
])('with %s, cdk-nag reports nothing', (_what, settings) => {
  const strictApp = makeApp(settings)
  const found = findings(strictApp.app, [...PACKS, ...COMPLIANCE_PACKS])
  const reasons = acknowledged(strictApp.stack)
  withoutAcknowledgements(strictApp.stack)
  const foundWithoutThem = findings(strictApp.app, [...PACKS, ...COMPLIANCE_PACKS])
  strictApp.remove()

  test('for AWS Solutions, serverless, HIPAA, NIST 800-53 and PCI DSS', () => {
    expect(found).toEqual([])
  })

  test('and each difference that is accepted has a reason, and is one', () => {
    for (const { reason } of reasons) expect(reason).toMatch(/^[A-Z].{40,}\.$/)
    const rules = new Set(foundWithoutThem.map((finding) => finding.split(' ').at(-1)))
    expect(reasons.map(({ id }) => id).filter((id) => !id.startsWith('@aws-cdk/') && !rules.has(id))).toEqual([])
  })
})

test.each([
  ['events by SNS, of the whole bucket', { ...OTHERS, bucketEvents: TOPIC, prefixes: '*', encryption: 'customer' }],
  ['events by S3', { ...OTHERS, bucketEvents: 's3', ...VPC, accessLogs: 'create' }],
])('with %s, cdk-nag reports nothing for AWS Solutions and serverless', (_what, settings) => {
  const other = makeApp(settings)
  expect(findings(other.app)).toEqual([])
  other.remove()
})
