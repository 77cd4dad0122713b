import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, EventType, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import type { ImportQueue } from './import-queue.ts'
import { uniqueName } from './unique-name.ts'

export interface DropBucketProps {
  /** Hears of each drop. */
  readonly importQueue: ImportQueue
}

/** Where people put drops. */
export const INCOMING_PREFIX = 'incoming/'
/** Where the importer writes what became of them. Not within the other: a report must not be taken for a drop. */
export const REPORTS_PREFIX = 'reports/'

/** What a drop may be called. S3 compares the case of letters too, and allows no suffix that another one ends with. */
export const DROP_SUFFIXES = ['.json', '.jsonl', '.ndjson', '.json.gz', '.jsonl.gz', '.ndjson.gz'] as const

const LONGEST_BUCKET_NAME = 63

/** The bucket that drops are put into, and reports taken from. */
export class DropBucket extends Construct {
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, { importQueue }: DropBucketProps) {
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
        // Parts of an upload that broke off are paid for, and shown nowhere.
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    })
    announceDrops(this.bucket, importQueue)
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
function announceDrops(bucket: Bucket, importQueue: ImportQueue): void {
  const resource = bucket.node.defaultChild
  if (!(resource instanceof CfnBucket)) throw new TypeError('a Bucket is made of a CfnBucket')
  resource.notificationConfiguration = {
    queueConfigurations: DROP_SUFFIXES.map((suffix) => ({
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
