import { expect, test } from '@jest/globals'
import { Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { makeApp, pathIn } from './deployed.ts'

/** Every finding of cdk-nag that we accept; lib/ gives the reason for each. Adding a line here is a decision. */
const ACKNOWLEDGED = [
  ['ImportBucket/Bucket', 'AwsSolutions-S1'],
  ['ImportQueue/DeadLetters', 'Serverless-SQSRedrivePolicy'],
  ['ApiKey/Secret', 'AwsSolutions-SMG4'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/incoming/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/reports/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<ImportBucketAD3E8C78.Arn>/checkpoints/*]'],
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

function findings(app: ReturnType<typeof makeApp>['app']): string[] {
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) =>
    pack
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
