import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, EventType, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { CHECKPOINTS_PREFIX, FILE_SUFFIXES, INCOMING_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import type { ImportQueue } from './import-queue.ts'
import { uniqueName } from './unique-name.ts'

export interface ImportBucketProps {
  /** Hears of each drop. */
  readonly importQueue: ImportQueue
}

const LONGEST_BUCKET_NAME = 63

/** The bucket that drops are put into, and reports taken from. */
export class ImportBucket extends Construct {
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, { importQueue }: ImportBucketProps) {
    super(scope, id)
    const bucketName = uniqueName(this, '', LONGEST_BUCKET_NAME)
    const permission = importQueue.allowEventsOf(
      Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucketName }),
    )

    this.bucket = new Bucket(this, 'Bucket', {
      bucketName,
      // Each event is about one version. Without versions, S3 may send one event for two uploads that come close together.
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: [
        {
          id: 'replaced-versions',
          // Longer than the 4 and 14 days that a message about a version can wait in the two queues.
          noncurrentVersionExpiration: Duration.days(30),
          expiredObjectDeleteMarker: true,
        },
        // A report is written anew every few seconds while its import goes on; only the last one matters.
        { id: 'replaced-reports', prefix: REPORTS_PREFIX, noncurrentVersionExpiration: Duration.days(1) },
        // Only as long as a message about the drop can come; without it, the report still says that the drop was imported.
        {
          id: 'checkpoints',
          prefix: CHECKPOINTS_PREFIX,
          expiration: Duration.days(30),
          noncurrentVersionExpiration: Duration.days(1),
        },
        // Parts of an upload that broke off are paid for, and shown nowhere.
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    })
    notifyQueue(this.bucket, importQueue)
    // S3 tries whether it may send to the queue when the bucket is made.
    this.bucket.node.addDependency(permission)

    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Who read and wrote what is better asked of CloudTrail data events, for the account as a whole; server access logs would need a second bucket.',
    })
  }
}

/**
 * Sends an event for each drop.
 *
 * Said in the bucket's own properties, and not by `addEventNotification`: that deploys a second function, whose role may change the
 * notifications of every bucket in the account.
 */
function notifyQueue(bucket: Bucket, importQueue: ImportQueue): void {
  const resource = bucket.node.defaultChild
  if (!(resource instanceof CfnBucket)) throw new TypeError('a Bucket is made of a CfnBucket')
  resource.notificationConfiguration = {
    queueConfigurations: FILE_SUFFIXES.map((suffix) => ({
      event: EventType.OBJECT_CREATED,
      queue: importQueue.queue.queueArn,
      filter: {
        s3Key: {
          rules: [
            { name: 'prefix', value: INCOMING_PREFIX },
            { name: 'suffix', value: suffix },
          ],
        },
      },
    })),
  }
}
