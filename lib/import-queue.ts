import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs'
import { Construct, type IDependable } from 'constructs'
import { uniqueName } from './unique-name.ts'

export interface ImportQueueProps {
  /** The longest that one invocation may run. */
  readonly functionTimeout: Duration
  /** Deliveries of a message before it goes to the dead letters; a person may take more than 2. */
  readonly maxReceiveCount: number
}

const LONGEST_QUEUE_NAME = 80

/** The queue of work, and behind it the dead letters. */
export class ImportQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, props: ImportQueueProps) {
    super(scope, id)
    const queueName = uniqueName(this, 'import', LONGEST_QUEUE_NAME)
    // Both hold lines, so both are encrypted. By SQS and not by a key of KMS: S3 could not send to the queue without a key policy of its own.
    const held = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    }

    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...held,
      queueName: uniqueName(this, 'dead-letters', LONGEST_QUEUE_NAME),
      retentionPeriod: Duration.days(14), // the longest there is: so long has a person to mend what is wrong
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [Queue.fromQueueArn(this, 'Source', Stack.of(this).formatArn({ service: 'sqs', resource: queueName }))],
      },
    })
    this.queue = new Queue(this, 'Queue', {
      ...held,
      queueName,
      // Shorter than the dead letters': a message that is moved there keeps its age.
      retentionPeriod: Duration.days(4),
      // AWS asks for six times: a throttled delivery must not become visible while an earlier one still runs.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * props.functionTimeout.toSeconds()),
      // It also makes the dead-letter queue a source that "Start DLQ redrive" and StartMessageMoveTask accept.
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceiveCount },
    })

    Validations.of(this.deadLetters).acknowledge({
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'This is the dead-letter queue: what lies here waits for a person, and has nowhere further to go.',
    })
  }

  /**
   * Lets one bucket send its events here.
   *
   * @param bucketArn ARN of a bucket of this account; the account is named besides, since the name of a bucket that was deleted can be taken by
   * another account. https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
   * @returns what has to be there before S3 can send
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
