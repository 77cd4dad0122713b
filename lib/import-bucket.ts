import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { CHECKPOINTS_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import type { ImportQueue } from './import-queue.ts'
import { uniqueName } from './unique-name.ts'
import type { ObjectNotification, Wiring } from './wiring.ts'

export interface ImportBucketProps {
  /** Receives an event for each uploaded file. */
  readonly importQueue: ImportQueue
  readonly wiring: Pick<Wiring, 'bucket'>
}

const MAX_BUCKET_NAME_LENGTH = 63

/** The bucket that files are uploaded to and reports are read from. */
export class ImportBucket extends Construct {
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, { importQueue, wiring: { bucket } }: ImportBucketProps) {
    super(scope, id)
    const bucketName = uniqueName(this, '', MAX_BUCKET_NAME_LENGTH)
    const permission = importQueue.allowEventsOf(
      Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucketName }),
    )

    this.bucket = new Bucket(this, 'Bucket', {
      bucketName,
      versioned: bucket.versioned,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: [
        {
          id: 'replaced-versions',
          // Longer than the 14 days that a message about a version can wait in each of the two queues.
          noncurrentVersionExpiration: Duration.days(30),
          expiredObjectDeleteMarker: true,
        },
        // While an import runs, its report is replaced every few seconds; only the last version matters.
        { id: 'replaced-reports', prefix: REPORTS_PREFIX, noncurrentVersionExpiration: Duration.days(1) },
        // Kept as long as a message about the file can arrive. Without a checkpoint, the report still says that the file was imported.
        {
          id: 'checkpoints',
          prefix: CHECKPOINTS_PREFIX,
          expiration: Duration.days(30),
          noncurrentVersionExpiration: Duration.days(1),
        },
        // The parts of an unfinished upload are billed, and no listing shows them.
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    })
    notifyQueue(this.bucket, importQueue, bucket.notifications)
    // S3 checks that it may send to the queue while it creates the bucket.
    this.bucket.node.addDependency(permission)

    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'CloudTrail data events record reads and writes for the whole account; server access logs would need a second bucket.',
    })
  }
}

/**
 * Sends an event to the queue for each object that is created under the prefix.
 *
 * Sets the bucket's own property instead of calling `addEventNotification`, which deploys a second function whose role may change the
 * notifications of every bucket in the account.
 */
function notifyQueue(bucket: Bucket, importQueue: ImportQueue, notifications: readonly ObjectNotification[]): void {
  const resource = bucket.node.defaultChild
  if (!(resource instanceof CfnBucket)) throw new TypeError('The default child of a Bucket is not a CfnBucket.')
  resource.notificationConfiguration = {
    queueConfigurations: notifications.map(({ event, prefix }) => ({
      event,
      queue: importQueue.queue.queueArn,
      filter: {
        s3Key: {
          rules: [{ name: 'prefix', value: prefix }],
        },
      },
    })),
  }
}
