import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs'
import { Construct, type IDependable } from 'constructs'
import { uniqueName } from './unique-name.ts'
import type { Wiring } from './wiring.ts'

export interface ImportQueueProps {
  readonly wiring: Pick<Wiring, 'importQueue' | 'deadLetterQueue'>
}

const MAX_QUEUE_NAME_LENGTH = 80

/** The queue of work, with its dead-letter queue. */
export class ImportQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { wiring: { importQueue, deadLetterQueue } }: ImportQueueProps) {
    super(scope, id)
    const queueName = uniqueName(this, 'import', MAX_QUEUE_NAME_LENGTH)
    // Both queues hold lines, so both are encrypted. SQS manages the key: with a KMS key, S3 could only send to the queue if that key had
    // a policy that lets it.
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    }

    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...common,
      queueName: uniqueName(this, 'dead-letters', MAX_QUEUE_NAME_LENGTH),
      retentionPeriod: Duration.seconds(deadLetterQueue.retentionSeconds),
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [Queue.fromQueueArn(this, 'Source', Stack.of(this).formatArn({ service: 'sqs', resource: queueName }))],
      },
    })
    this.queue = new Queue(this, 'Queue', {
      ...common,
      queueName,
      retentionPeriod: Duration.seconds(importQueue.retentionSeconds),
      visibilityTimeout: Duration.seconds(importQueue.visibilityTimeoutSeconds),
      // This also makes the dead-letter queue a source that "Start DLQ redrive" and StartMessageMoveTask accept.
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: importQueue.maxReceiveCount },
    })

    Validations.of(this.deadLetters).acknowledge({
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'This is the dead-letter queue: its messages wait for a person, so it needs no dead-letter queue itself.',
    })
  }

  /**
   * Allows one bucket to send its events to the import queue.
   *
   * @param bucketArn ARN of a bucket in this account. The policy names the account too, because another account can take the name of a
   * deleted bucket. https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
   * @returns what must be deployed before S3 can send
   */
  allowEventsOf(bucketArn: string): IDependable {
    const { policyDependable } = this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': bucketArn }, StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
    return policyDependable ?? this.queue
  }
}
