import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Queue, QueueEncryption, QueuePolicy, RedrivePermission } from 'aws-cdk-lib/aws-sqs'
import { Construct, type IDependable } from 'constructs'
import { uniqueName } from './unique-name.ts'
import type { Wiring } from './wiring.ts'

export interface ImportQueueProps {
  /**
   * Encrypts both queues. Its policy must let S3, EventBridge and SNS use it.
   * @default - SQS manages the key
   */
  readonly encryptionKey?: IKey | undefined
  readonly wiring: Pick<Wiring, 'importQueue' | 'deadLetterQueue'>
}

const MAX_QUEUE_NAME_LENGTH = 80

/** The queue of work, with its dead-letter queue. */
export class ImportQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { encryptionKey, wiring: { importQueue, deadLetterQueue } }: ImportQueueProps) {
    super(scope, id)
    const queueName = uniqueName(this, 'import', MAX_QUEUE_NAME_LENGTH)
    // Both queues hold lines, so both are encrypted.
    const common = {
      ...(encryptionKey === undefined
        ? { encryption: QueueEncryption.SQS_MANAGED }
        : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
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

    keepPolicyOf(this.queue)
    keepPolicyOf(this.deadLetters)
    Validations.of(this.deadLetters).acknowledge({
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'This is the dead-letter queue: its messages wait for a person, so it needs no dead-letter queue itself.',
    })
  }

  /**
   * Allows an AWS service to send the events of one source to the import queue.
   *
   * @param service for example `s3.amazonaws.com`
   * @param sourceArn ARN of the bucket, rule or topic
   * @param account that owns the source. The policy names it, because another account can take the name of a deleted bucket.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
   * @returns what must be deployed before the service can send
   */
  allowEventsOf(service: string, sourceArn: string, account = Stack.of(this).account): IDependable {
    const { policyDependable } = this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': sourceArn }, StringEquals: { 'aws:SourceAccount': account } },
      }),
    )
    return policyDependable ?? this.queue
  }
}

/** The queues stay when the stack is removed. Without its policy, a queue would accept messages over plain HTTP. */
function keepPolicyOf(queue: Queue): void {
  const policy = queue.node.tryFindChild('Policy')
  if (policy instanceof QueuePolicy) policy.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
}
