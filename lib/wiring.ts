import { INCOMING_PREFIX } from '../lambda/keys.ts'
import { TEXT_SETTINGS } from '../lambda/settings/names.ts'
import type { Settings } from './settings.ts'

/**
 * How bucket, queues and function are connected: every number and name that the stack and local mode share.
 *
 * The constructs deploy it and local mode sets up the same on this computer, so it must not import the CDK, which takes seconds to load.
 * A test asserts that the synthesized template equals it.
 */
export interface Wiring {
  readonly bucket: {
    readonly versioned: boolean
    /** All to the import queue. */
    readonly notifications: readonly ObjectNotification[]
  }
  readonly importQueue: {
    readonly visibilityTimeoutSeconds: number
    readonly retentionSeconds: number
    /** Deliveries of a message before SQS moves it to the dead-letter queue. */
    readonly maxReceiveCount: number
  }
  readonly deadLetterQueue: {
    readonly retentionSeconds: number
  }
  readonly function: {
    readonly timeoutSeconds: number
    readonly memoryMb: number
    readonly environment: {
      /** Variables whose value is known before deployment. */
      readonly values: Readonly<Record<string, string>>
      /** Variables that name another part of the deployment. */
      readonly references: Readonly<Record<string, Part>>
    }
  }
  readonly eventSource: {
    readonly batchSize: number
    readonly maximumConcurrency: number
    readonly reportBatchItemFailures: boolean
  }
}

export interface ObjectNotification {
  readonly event: 's3:ObjectCreated:*' | 's3:ObjectTagging:Put'
  readonly prefix: string
}

/** A part of the deployment whose name, URL or ARN exists only once it is deployed. */
export type Part = 'bucket' | 'importQueueUrl' | 'deadLetterQueueUrl' | 'apiKeySecretArn'

/** The maximum of Amazon SQS: 14 days. */
const MAX_RETENTION_SECONDS = 14 * 86_400

/** The maximum of AWS Lambda. */
const FUNCTION_TIMEOUT_SECONDS = 15 * 60

/**
 * An import needs less than 250 MB whatever the size of the file; more memory buys a larger share of a vCPU.
 * 1,024 MB is 0.58 vCPU: about 6,000 lines a second at the measured 85 µs per line, which is also what 128 requests in
 * flight carry to an endpoint 20 ms away. With the 1,769 MB of a whole vCPU, the function would wait most of the time that it is billed for.
 */
const DEFAULT_MEMORY_MB = 1024

/** The settings that local mode shares with the stack. */
export type WiringSettings = Pick<Settings, 'endpoint' | 'overrides' | 'maximumConcurrency' | 'maxReceiveCount' | 'memoryMb'>

/** The wiring of a deployment with these settings. */
export function wiringOf(settings: WiringSettings): Wiring {
  const { endpoint, overrides, maximumConcurrency, maxReceiveCount, memoryMb = DEFAULT_MEMORY_MB } = settings
  return {
    bucket: {
      // Each event names one version. Without versions, S3 may send one event for two uploads at almost the same time.
      versioned: true,
      // Without a suffix: an object under any other name is imported too if it contains JSON lines, and otherwise its report says why not.
      notifications: [
        { event: 's3:ObjectCreated:*', prefix: INCOMING_PREFIX },
        // A tag releases or discards a held file.
        { event: 's3:ObjectTagging:Put', prefix: INCOMING_PREFIX },
      ],
    },
    importQueue: {
      // AWS recommends six times: a throttled delivery must not become visible while an earlier one still runs.
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeoutSeconds: 6 * FUNCTION_TIMEOUT_SECONDS,
      // A message that is moved to the dead-letter queue keeps its age. If SQS deletes one, the daily search finds its work.
      retentionSeconds: MAX_RETENTION_SECONDS,
      maxReceiveCount,
    },
    // The time that a person has to fix what is wrong.
    deadLetterQueue: { retentionSeconds: MAX_RETENTION_SECONDS },
    function: {
      timeoutSeconds: FUNCTION_TIMEOUT_SECONDS,
      memoryMb,
      environment: {
        values: {
          [TEXT_SETTINGS.endpoint]: endpoint,
          ...Object.fromEntries(Object.entries(overrides).map(([name, value]) => [name, String(value)])),
        },
        // The ARN of the secret, never the key: everyone who may look at the function sees its environment.
        references: {
          [TEXT_SETTINGS.apiKeySecret]: 'apiKeySecretArn',
          [TEXT_SETTINGS.importQueueUrl]: 'importQueueUrl',
          [TEXT_SETTINGS.deadLetterQueueUrl]: 'deadLetterQueueUrl',
          [TEXT_SETTINGS.bucket]: 'bucket',
        },
      },
    },
    eventSource: {
      // A file is work for minutes: a second one in the same batch would wait for it, and be retried with it.
      batchSize: 1,
      maximumConcurrency,
      reportBatchItemFailures: true,
    },
  }
}
