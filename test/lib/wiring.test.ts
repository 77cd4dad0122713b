import { describe, expect, test } from '@jest/globals'
import { readSettings } from '../../lib/settings.ts'
import { wiringOf, type ObjectNotification, type Part, type Wiring } from '../../lib/wiring.ts'
import { ACCOUNT, Deployed } from './deployed.ts'

describe('the synthesized template equals the wiring that local mode uses', () => {
  // prettier-ignore
  test.each([
    ['with the defaults', {}],
    ['with every setting changed', {
      product: 'web-shop',
      endpoint: 'https://trk.example.com',
      maximumConcurrency: 7,
      maxReceiveCount: 12,
      KM_MAX_IN_FLIGHT: 32,
      KM_MAX_LINE_BYTES: 4096,
      KM_MAX_LINES_PER_SECOND: 100,
      KM_SEGMENT_BYTES: 65_536,
      KM_CHECKPOINT_SECONDS: 2,
      KM_DEADLINE_MARGIN_SECONDS: 30,
    }],
    ['with an existing secret', { apiKeySecretArn: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:kissmetrics-AbCdEf` }],
  ])('%s', (_what, settings) => {
    expect(wiringIn(new Deployed(settings))).toEqual(wiringOf(readSettings(settings)))
  })
})

/** Reads the wiring back from the template. A part that local mode would not have, for example a third queue, makes it throw. */
function wiringIn(deployed: Deployed): Wiring {
  const bucket = only<BucketProperties>(deployed, 'AWS::S3::Bucket')
  const importer = only<FunctionProperties>(deployed, 'AWS::Lambda::Function')
  const source = only<EventSourceProperties>(deployed, 'AWS::Lambda::EventSourceMapping')
  const queues = ofType<QueueProperties>(deployed, 'AWS::SQS::Queue')
  const importQueue = queues.find(({ properties }) => properties.RedrivePolicy !== undefined)
  const deadLetterQueue = queues.find(({ arn }) => arn === importQueue?.properties.RedrivePolicy?.deadLetterTargetArn)
  if (importQueue?.properties.RedrivePolicy === undefined || deadLetterQueue === undefined || queues.length !== 2)
    throw new Error(`expected an import queue and its dead-letter queue, found ${queues.length} queues`)
  expect(deadLetterQueue.properties.RedriveAllowPolicy).toEqual({
    redrivePermission: 'byQueue',
    sourceQueueArns: [importQueue.arn],
  })
  expect(source.properties).toMatchObject({ EventSourceArn: importQueue.arn, FunctionName: importer.ref })
  expect(Object.keys(bucket.properties.NotificationConfiguration)).toEqual(['QueueConfigurations'])

  const variables = importer.properties.Environment.Variables
  const parts = new Map<string, Part>([
    [bucket.ref, 'bucket'],
    [importQueue.ref, 'importQueueUrl'],
    [deadLetterQueue.ref, 'deadLetterQueueUrl'],
    [String(deployed.resolve(deployed.outputs['ApiKeySecretArn']?.Value)), 'apiKeySecretArn'],
  ])
  const references = Object.entries(variables).flatMap(([name, value]) => {
    const part = parts.get(value)
    return part === undefined ? [] : [[name, part] as const]
  })
  return {
    bucket: {
      versioned: bucket.properties.VersioningConfiguration?.Status === 'Enabled',
      notifications: bucket.properties.NotificationConfiguration.QueueConfigurations.map(({ Event, Queue, Filter }) => {
        expect(Queue).toBe(importQueue.arn)
        const { Rules } = Filter.S3Key
        const rule = (name: string) => Rules.find(({ Name }) => Name === name)?.Value ?? ''
        expect(Rules).toHaveLength(1)
        return { event: Event, prefix: rule('prefix') }
      }),
    },
    importQueue: {
      visibilityTimeoutSeconds: importQueue.properties.VisibilityTimeout,
      retentionSeconds: importQueue.properties.MessageRetentionPeriod,
      maxReceiveCount: importQueue.properties.RedrivePolicy.maxReceiveCount,
    },
    deadLetterQueue: { retentionSeconds: deadLetterQueue.properties.MessageRetentionPeriod },
    function: {
      timeoutSeconds: importer.properties.Timeout,
      memoryMb: importer.properties.MemorySize,
      environment: {
        values: Object.fromEntries(Object.entries(variables).filter(([, value]) => !parts.has(value))),
        references: Object.fromEntries(references),
      },
    },
    eventSource: {
      batchSize: source.properties.BatchSize,
      maximumConcurrency: source.properties.ScalingConfig.MaximumConcurrency,
      reportBatchItemFailures: source.properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
    },
  }
}

interface BucketProperties {
  readonly VersioningConfiguration?: { readonly Status: string }
  readonly NotificationConfiguration: {
    readonly QueueConfigurations: readonly {
      readonly Event: ObjectNotification['event']
      readonly Queue: string
      readonly Filter: { readonly S3Key: { readonly Rules: readonly { readonly Name: string; readonly Value: string }[] } }
    }[]
  }
}

interface QueueProperties {
  readonly VisibilityTimeout: number
  readonly MessageRetentionPeriod: number
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number }
  readonly RedriveAllowPolicy?: unknown
}

interface FunctionProperties {
  readonly Timeout: number
  readonly MemorySize: number
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> }
}

interface EventSourceProperties {
  readonly BatchSize: number
  readonly FunctionResponseTypes?: readonly string[]
  readonly ScalingConfig: { readonly MaximumConcurrency: number }
}

interface Found<Properties> {
  readonly ref: string
  readonly arn: string | undefined
  readonly properties: Properties
}

function ofType<Properties>(deployed: Deployed, type: string): readonly Found<Properties>[] {
  return (
    Object.entries(deployed.resources)
      .filter(([, { Type }]) => Type === type)
      // The address of the function's code depends on the environment that it is deployed to.
      .map(
        ([
          id,
          {
            Properties: { Code: _code, ...properties },
          },
        ]) => ({
          ref: deployed.resolve({ Ref: id }) as string,
          arn: type === 'AWS::SQS::Queue' ? (deployed.resolve({ 'Fn::GetAtt': [id, 'Arn'] }) as string) : undefined,
          properties: deployed.resolve(properties) as Properties,
        }),
      )
  )
}

function only<Properties>(deployed: Deployed, type: string): Found<Properties> {
  const [found, ...more] = ofType<Properties>(deployed, type)
  if (found === undefined || more.length > 0) throw new Error(`expected one resource of type ${type}`)
  return found
}
