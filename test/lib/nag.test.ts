import { expect, test } from '@jest/globals'
import { Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { makeApp } from './deployed.ts'

/** Everything that cdk-nag finds and we leave as it is; the reason stands beside each in lib/. To add a line here is a decision. */
const ACKNOWLEDGED = [
  ['ImportBucket/Bucket', 'AwsSolutions-S1'],
  ['ImportQueue/DeadLetters', 'Serverless-SQSRedrivePolicy'],
  ['ApiKey/Secret', 'AwsSolutions-SMG4'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<DropBucket0EBEB047.Arn>/incoming/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<DropBucket0EBEB047.Arn>/reports/*]'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<DropBucket0EBEB047.Arn>/checkpoints/*]'],
  ['Importer/Function', 'Serverless-LambdaTracing'],
  ['Importer/Function', 'Serverless-LambdaDLQ'],
  ['Importer/Role', 'AwsSolutions-IAM5[Resource::<DropBucket0EBEB047.Arn>/archived/*]'],
  ['DailyReconcile/Daily', 'Serverless-EventBusDLQ'],
  ['DailyArchive/Daily', 'Serverless-EventBusDLQ'],
  ['Importer/EventSource', 'Serverless-LambdaEventSourceMappingDestination'],
]

interface Acknowledged {
  readonly place: string
  readonly id: string
  readonly reason: string
}

function acknowledged(stack: ReturnType<typeof makeApp>['stack']): Acknowledged[] {
  return stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({
        place: node.path.slice(stack.node.path.length + 1),
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

test('cdk-nag finds nothing that is not acknowledged', () => {
  const { app, remove } = makeApp()
  expect(findings(app)).toEqual([])
  remove()
})

test('what is acknowledged is exactly this, each with a reason', () => {
  const { stack, remove } = makeApp()
  const found = acknowledged(stack)
  expect(found.map(({ place, id }) => [place, id])).toEqual(expect.arrayContaining(ACKNOWLEDGED))
  expect(found).toHaveLength(ACKNOWLEDGED.length)
  for (const { reason } of found) expect(reason).toMatch(/^[A-Z].{40,}\.$/)
  remove()
})

test('each acknowledgement still has a finding: none is left over', () => {
  const { app, stack, remove } = makeApp()
  for (const { node } of stack.node.findAll()) {
    const { metadata } = node
    // The getter gives a copy, so what is to be forgotten is taken from where constructs keep it.
    Reflect.set(
      node,
      '_metadata',
      metadata.filter(({ type }) => type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY),
    )
  }
  const rules = findings(app).map((finding) => finding.split(' ').at(-1))
  expect(rules.sort()).toEqual(ACKNOWLEDGED.map(([, id]) => id).sort())
  remove()
})
