import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { S3Faults } from './faults.ts'
import { NO_VERSION, type Bucket, type Store, type StoredObject } from './store.ts'
import { contentsOf, elements, notImplemented, S3Error, textOf } from './xml.ts'

/** Delivers an event to a queue. May be called more than once for the same event. */
export type OnEvent = (queueArn: string, body: string) => Promise<void>

interface Configuration {
  readonly id: string
  readonly queueArn: string
  readonly events: readonly string[]
  readonly prefix: string
  readonly suffix: string
}

/** Pause before a failed delivery is retried. */
const RETRY_MS = 1_000

/**
 * The event notifications of S3. Each event is delivered at least once, even after a crash: it is stored in one transaction with its object,
 * and deleted after its delivery.
 */
export class Notifications {
  readonly #store: Store
  readonly #region: string
  readonly #onEvent: OnEvent
  readonly #faults: S3Faults
  readonly #stopping = new AbortController()
  readonly #parsed = new WeakMap<Bucket, readonly Configuration[]>()
  #delivery: Promise<void> | undefined
  #isDelivering = false

  constructor(store: Store, region: string, onEvent: OnEvent, faults: S3Faults) {
    this.#store = store
    this.#region = region
    this.#onEvent = onEvent
    this.#faults = faults
  }

  /** Stores a `NotificationConfiguration`, and sends the test event, as S3 does. */
  configure(bucket: string, xml: string): void {
    const other = /<(TopicConfiguration|CloudFunctionConfiguration|LambdaFunctionConfiguration|EventBridgeConfiguration)\b/.exec(
      xml,
    )
    if (other !== null) throw notImplemented(`A notification with ${other[1] ?? 'that target'}`)
    const configurations = contentsOf(xml, 'QueueConfiguration').map(parseConfiguration)
    rejectOverlaps(configurations)
    this.#store.transaction(() => {
      this.#store.changeBuckets('UPDATE buckets SET notifications = ? WHERE name = ?', JSON.stringify(configurations), bucket)
      for (const queueArn of new Set(configurations.map((configuration) => configuration.queueArn))) {
        const test = {
          Service: 'Amazon S3',
          Event: 's3:TestEvent',
          Time: new Date().toISOString(),
          Bucket: bucket,
          RequestId: randomUUID(),
          HostId: 'local',
        }
        this.#write(queueArn, JSON.stringify(test))
      }
    })
    this.deliver()
  }

  describe(bucket: string): string {
    return this.#configurationsOf(bucket)
      .map(({ id, queueArn, events, prefix, suffix }) => {
        const rule = (Name: string, Value: string): string =>
          Value === '' ? '' : `<FilterRule>${elements({ Name, Value })}</FilterRule>`
        const rules = rule('Prefix', prefix) + rule('Suffix', suffix)
        const filter = rules === '' ? '' : `<Filter><S3Key>${rules}</S3Key></Filter>`
        const names = events.map((Event) => elements({ Event })).join('')
        return `<QueueConfiguration>${elements({ Id: id, Queue: queueArn })}${names}${filter}</QueueConfiguration>`
      })
      .join('')
  }

  /** Must be called in the transaction that writes the object. @param name for example `ObjectCreated:Put` */
  write(object: StoredObject, name: string): void {
    for (const configuration of this.#configurationsOf(object.bucket)) {
      const isWanted = configuration.events.some(
        (event) => event === `s3:${name}` || (event.endsWith('*') && `s3:${name}`.startsWith(event.slice(0, -1))),
      )
      if (!isWanted || !object.key.startsWith(configuration.prefix) || !object.key.endsWith(configuration.suffix)) continue
      const times = this.#faults.sendEventsTwice > 0 ? 2 : 1
      if (times === 2) this.#faults.sendEventsTwice -= 1
      for (let count = 0; count < times; count += 1)
        this.#write(configuration.queueArn, this.#eventOf(object, name, configuration.id))
    }
  }

  /** Delivers the stored events one after the other, in the background. */
  deliver(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    this.#delivery = this.#deliverAll()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#delivery
  }

  async #deliverAll(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const next = this.#store.sql('SELECT * FROM pending_events ORDER BY id LIMIT 1').get()
      if (next === undefined) {
        this.#isDelivering = false // here, and not when the promise has settled: an event that is stored in between would be forgotten
        return
      }
      try {
        await this.#onEvent(String(next.queue_arn), String(next.body))
        this.#store.sql('DELETE FROM pending_events WHERE id = ?').run(Number(next.id))
      } catch {
        // Like AWS, try again later.
        await delay(RETRY_MS, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined)
      }
    }
  }

  #write(queueArn: string, body: string): void {
    this.#store.sql('INSERT INTO pending_events (queue_arn, body) VALUES (?, ?)').run(queueArn, body)
  }

  #configurationsOf(bucket: string): readonly Configuration[] {
    const found = this.#store.bucket(bucket)
    // only `configure` writes the column
    const configurations = this.#parsed.get(found) ?? (JSON.parse(found.notifications) as readonly Configuration[])
    this.#parsed.set(found, configurations)
    return configurations
  }

  /** @see Amazon S3, "Event message structure" */
  #eventOf(
    { bucket, key, versionId, size, etag, isDeleteMarker }: StoredObject,
    eventName: string,
    configurationId: string,
  ): string {
    const record = {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: this.#region,
      eventTime: new Date().toISOString(),
      eventName,
      userIdentity: { principalId: 'LOCAL' },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { 'x-amz-request-id': randomUUID(), 'x-amz-id-2': 'local' },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId,
        bucket: { name: bucket, ownerIdentity: { principalId: 'LOCAL' }, arn: `arn:aws:s3:::${bucket}` },
        object: {
          key: encodeKey(key),
          ...(eventName.startsWith('ObjectCreated:') && { size, eTag: etag }),
          ...(eventName.startsWith('ObjectTagging:') && { eTag: etag }),
          ...(versionId !== NO_VERSION && { versionId }),
          ...(isDeleteMarker && { eTag: etag }),
          ...(!eventName.startsWith('ObjectTagging:') && { sequencer: this.#sequencer() }),
        },
      },
    }
    return JSON.stringify({ Records: [record] })
  }

  /** Only events of writes and deletions have one. */
  #sequencer(): string {
    return this.#store.lastSequence().toString(16).toUpperCase().padStart(18, '0')
  }
}

/** Encodes a key as in an event of S3: a space becomes `+`, slashes stay. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
}

function parseConfiguration(xml: string): Configuration {
  const rules = new Map(
    contentsOf(xml, 'FilterRule').map((rule) => [textOf(rule, 'Name')?.toLowerCase(), textOf(rule, 'Value') ?? '']),
  )
  const events = contentsOf(xml, 'Event').map((event) => event.trim())
  const queueArn = textOf(xml, 'Queue')
  if (queueArn === undefined || events.length === 0)
    throw new S3Error(400, 'MalformedXML', 'A queue configuration needs a queue and an event.')
  const unknown = events.find((event) => !/^s3:Object(Created|Removed|Tagging):/.test(event))
  if (unknown !== undefined) throw notImplemented(`The event ${unknown}`)
  return {
    id: textOf(xml, 'Id') ?? randomUUID(),
    queueArn,
    events,
    prefix: rules.get('prefix') ?? '',
    suffix: rules.get('suffix') ?? '',
  }
}

/** Like S3, rejects two configurations that could both match one key for the same event. */
function rejectOverlaps(configurations: readonly Configuration[]): void {
  const overlaps = (a: string, b: string, starts: (text: string, part: string) => boolean): boolean =>
    starts(a, b) || starts(b, a)
  const stem = (event: string): string => event.replace(/\*$/, '')
  for (const [index, a] of configurations.entries()) {
    for (const b of configurations.slice(index + 1)) {
      const sameEvent = a.events.some((one) =>
        b.events.some((other) => overlaps(stem(one), stem(other), (text, part) => text.startsWith(part))),
      )
      const samePrefix = overlaps(a.prefix, b.prefix, (text, part) => text.startsWith(part))
      const sameSuffix = overlaps(a.suffix, b.suffix, (text, part) => text.endsWith(part))
      if (sameEvent && samePrefix && sameSuffix) {
        throw new S3Error(
          400,
          'InvalidArgument',
          'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.',
        )
      }
    }
  }
}
