import { shellWord } from '../terminal/escape.ts'
import { decide, UnknownPolicyElement, type Statement } from './policy.ts'
import { findingsOf, type Finding } from './finding.ts'

/** An AWS service that sends events to the import queue. */
export interface Sender {
  /** For the user, for example "the bucket uploads". */
  readonly what: string
  /** For example `s3.amazonaws.com`. */
  readonly service: string
  /** ARN of the bucket, rule or topic. */
  readonly arn: string
  /** That owns the source. */
  readonly account: string
}

/** The part of the attributes of a queue that says who may send to it. */
export interface SendPolicy {
  readonly queueUrl: string
  readonly queueArn: string
  /** JSON. */
  readonly policy: string | undefined
}

interface PolicyDocument {
  readonly Statement?: Statement | readonly Statement[]
}

/** Whether the policy of the import queue lets everything send that has to. */
export function checkSenders(queue: SendPolicy, senders: readonly Sender[]): readonly Finding[] {
  const { ok, wrong, notChecked } = findingsOf('queue policy')
  const document = JSON.parse(queue.policy ?? '{}') as PolicyDocument
  const statements = [document.Statement ?? []].flat()
  try {
    const refused = senders.filter((sender) => !maySend(queue.queueArn, statements, sender))
    if (refused.length === 0) return [ok(`It lets ${namesOf(senders)} send to the import queue.`)]
    return [
      wrong(
        `It does not let ${namesOf(refused)} send to the import queue, so files are only found by the daily search. The command adds what is missing.`,
        allowCommand(queue, document, statements, refused),
      ),
    ]
  } catch (error) {
    if (!(error instanceof UnknownPolicyElement)) throw error
    return [
      notChecked(
        `The policy of the import queue contains ${error.message}, which the doctor cannot evaluate. Read it:`,
        `aws sqs get-queue-attributes --queue-url ${shellWord(queue.queueUrl)} --attribute-names Policy --query Attributes.Policy --output text`,
      ),
    ]
  }
}

function namesOf(senders: readonly Sender[]): string {
  return [...new Set(senders.map(({ what }) => what))].join(', ')
}

function maySend(queueArn: string, statements: readonly Statement[], { service, arn, account }: Sender): boolean {
  const context = { 'aws:SourceArn': arn, 'aws:SourceAccount': account, 'aws:SecureTransport': 'true' }
  return decide([], statements, { action: 'sqs:SendMessage', resource: queueArn, by: service, context }) === 'allowed'
}

/** SQS replaces a policy as a whole, so the command contains the present one too. */
function allowCommand(
  { queueUrl, queueArn }: SendPolicy,
  document: PolicyDocument,
  statements: readonly Statement[],
  refused: readonly Sender[],
): string {
  const added = refused.map(({ service, arn, account }) => ({
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': arn }, StringEquals: { 'aws:SourceAccount': account } },
  }))
  const policy = JSON.stringify({ Version: '2012-10-17', ...document, Statement: [...statements, ...added] })
  return `aws sqs set-queue-attributes --queue-url ${shellWord(queueUrl)} --attributes ${shellWord(JSON.stringify({ Policy: policy }))}`
}
