import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  ObjectOwnership,
  type IBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { ARCHIVED_PREFIX, CHECKPOINTS_PREFIX, INCOMING_PREFIX, RATE_KEY, REPORTS_PREFIX } from '../lambda/keys.ts'
import type { ImportQueue } from './import-queue.ts'
import { uniqueName } from './unique-name.ts'
import type { ObjectNotification, Wiring } from './wiring.ts'

export interface ImportBucketProps {
  /** Receives an event for each file that is uploaded or tagged. */
  readonly importQueue: ImportQueue
  readonly wiring: Pick<Wiring, 'bucket'>
  /**
   * Prefixes that files are imported from, besides `incoming/`.
   * @default - none
   */
  readonly prefixes?: readonly string[]
  /**
   * Encrypts the files. Its policy must let the function's role use it.
   * @default - S3 manages the key
   */
  readonly encryptionKey?: IKey | undefined
  /**
   * Receives the access logs of the bucket.
   * @default - S3 writes no access logs
   */
  readonly accessLogsBucket?: IBucket | undefined
  /** @default - files, reports and archived lines never expire */
  readonly retention?: Retention | undefined
}

/** How long the bucket keeps what is in it. Each is forever if left out. */
export interface Retention {
  /** Files under `incoming/` and the other prefixes. Longer than the 30 days in which the daily search looks for missed files. */
  readonly files?: Duration | undefined
  readonly reports?: Duration | undefined
  /** Dead letters that were archived or quarantined. */
  readonly archivedLines?: Duration | undefined
}

const MAX_BUCKET_NAME_LENGTH = 63

/** The bucket that files are uploaded to and reports are read from. */
export class ImportBucket extends Construct {
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, props: ImportBucketProps) {
    super(scope, id)
    const { importQueue, wiring, prefixes = [], encryptionKey, accessLogsBucket, retention = {} } = props
    const bucketName = uniqueName(this, '', MAX_BUCKET_NAME_LENGTH)
    const permission = importQueue.allowEventsOf(
      's3.amazonaws.com',
      Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucketName }),
    )

    this.bucket = new Bucket(this, 'Bucket', {
      bucketName,
      versioned: wiring.bucket.versioned,
      ...(encryptionKey === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : // Without a bucket key, S3 would pay KMS for each report that is written.
          { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      ...(accessLogsBucket !== undefined && {
        serverAccessLogsBucket: accessLogsBucket,
        serverAccessLogsPrefix: `${Stack.of(this).stackName}/`,
      }),
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
        // While a limit holds, every invocation writes it every few seconds.
        { id: 'replaced-rate-shares', prefix: RATE_KEY, noncurrentVersionExpiration: Duration.days(1) },
        // The parts of an unfinished upload are billed, and no listing shows them.
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        ...expirations([INCOMING_PREFIX, ...prefixes], 'files', retention.files),
        ...expirations([REPORTS_PREFIX], 'reports', retention.reports),
        ...expirations([ARCHIVED_PREFIX], 'archived-lines', retention.archivedLines),
      ],
    })
    // The bucket stays when the stack is removed. Without its policy, it would serve plain HTTP.
    this.bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    notifyQueue(this.bucket, importQueue, [
      ...wiring.bucket.notifications,
      ...prefixes.flatMap((prefix) => wiring.bucket.notifications.map((notification) => ({ ...notification, prefix }))),
    ])
    // S3 checks that it may send to the queue while it creates the bucket.
    this.bucket.node.addDependency(permission)

    if (accessLogsBucket === undefined) {
      Validations.of(this.bucket).acknowledge({
        id: 'AwsSolutions-S1',
        reason:
          'CloudTrail data events record reads and writes for the whole account; server access logs would need a second bucket.',
      })
    }
  }
}

function expirations(prefixes: readonly string[], what: string, expiration: Duration | undefined): LifecycleRule[] {
  if (expiration === undefined) return []
  return prefixes.map((prefix) => ({ id: `old-${what}-${prefix}`, prefix, expiration }))
}

/**
 * Sends an event to the queue for each object that is created or tagged under the prefix.
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
