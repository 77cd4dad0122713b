import { Validations } from 'aws-cdk-lib/core'
import { Rule } from 'aws-cdk-lib/aws-events'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import type { ImportQueue } from './import-queue.ts'

/** What the importer needs to know about a bucket that it reads: a `Bucket` or an `IBucket`. */
export interface ReadableBucket {
  readonly bucketName: string
  readonly bucketArn: string
  readonly encryptionKey?: IKey | undefined
  arnForObjects(keyPattern: string): string
}

/** Files of one bucket that are imported. */
export interface FileSource {
  readonly bucket: ReadableBucket
  /** '' for all files. */
  readonly prefixes: readonly string[]
}

/** The sources as a list of `s3://BUCKET/PREFIX`; undefined if files are only uploaded to `incoming/` in the bucket of the importer. */
export function placesIn(sources: readonly FileSource[]): string | undefined {
  const places = sources.flatMap(({ bucket, prefixes }) => prefixes.map((prefix) => `s3://${bucket.bucketName}/${prefix}`))
  return places.length > 1 ? places.join(',') : undefined
}

/**
 * How the events of an existing bucket reach the importer.
 *
 * - `eventbridge`: by a rule. The bucket must send its events to EventBridge; its notifications stay as they are.
 * - `s3`: by a notification that its owner adds to the bucket. The queue accepts it.
 * - a topic: by a subscription of the SNS topic that the bucket notifies already.
 */
export type BucketEvents = 'eventbridge' | 's3' | ITopic

export interface ExistingBucketProps {
  readonly source: FileSource
  readonly events: BucketEvents
  readonly importQueue: ImportQueue
}

/**
 * Brings the events of a bucket that already exists to the import queue, without a change to the bucket.
 *
 * CDK's `addEventNotification` is not used: it deploys a function whose role may change the notifications of every bucket in the account.
 */
export class ExistingBucket extends Construct {
  constructor(scope: Construct, id: string, { source, events, importQueue }: ExistingBucketProps) {
    super(scope, id)
    if (events === 's3') importQueue.allowEventsOf('s3.amazonaws.com', source.bucket.bucketArn)
    else if (events === 'eventbridge') this.#addRule(source, importQueue)
    else this.#subscribe(events, source, importQueue)
  }

  #addRule({ bucket, prefixes }: FileSource, importQueue: ImportQueue): void {
    const isWhole = prefixes.includes('')
    const rule = new Rule(this, 'Uploads', {
      description: 'Sends the event of each uploaded or tagged file to the Kissmetrics importer',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created', 'Object Tags Added'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          ...(!isWhole && { object: { key: prefixes.map((prefix) => ({ prefix })) } }),
        },
      },
      targets: [{ bind: () => ({ arn: importQueue.queue.queueArn }) }],
    })
    importQueue.allowEventsOf('events.amazonaws.com', rule.ruleArn)
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'EventBridge tries for a day. After that, the daily search finds each file whose event was lost.',
    })
  }

  #subscribe(topic: ITopic, { prefixes }: FileSource, importQueue: ImportQueue): void {
    const permission = importQueue.allowEventsOf('sns.amazonaws.com', topic.topicArn, topic.env.account)
    const isWhole = prefixes.includes('')
    const subscription = new CfnSubscription(this, 'Subscription', {
      topicArn: topic.topicArn,
      protocol: 'sqs',
      endpoint: importQueue.queue.queueArn,
      rawMessageDelivery: true,
      ...(!isWhole && {
        filterPolicyScope: 'MessageBody',
        filterPolicy: { Records: { s3: { object: { key: prefixes.map((prefix) => ({ prefix: encoded(prefix) })) } } } },
      }),
    })
    subscription.node.addDependency(permission)
    Validations.of(subscription).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'SNS tries to reach a queue for 23 days. The daily search finds each file whose event was lost.',
    })
  }
}

/** S3 encodes keys in its notifications like an HTML form does. EventBridge events have them as they are. */
function encoded(prefix: string): string {
  return new URLSearchParams({ x: prefix }).toString().slice('x='.length).replaceAll('%2F', '/')
}
