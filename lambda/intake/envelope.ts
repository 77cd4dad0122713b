import * as v from 'valibot'

// The shapes that AWS documents. Fields that it may add later are ignored.

/** @see Amazon SNS, "Parsing Amazon SNS message formats": without raw delivery, the event is JSON in a string. */
const SnsNotification = v.object({ Type: v.literal('Notification'), TopicArn: v.string(), Message: v.string() })

/** SNS sends it to the queue when somebody subscribes the queue to a topic of another account. */
const SnsConfirmation = v.object({ Type: v.literal('SubscriptionConfirmation'), TopicArn: v.string() })

/** @see Amazon S3, "EventBridge event message structure" */
const EventBridgeEvent = v.object({
  source: v.literal('aws.s3'),
  'detail-type': v.string(),
  time: v.optional(v.string()),
  detail: v.object({
    bucket: v.object({ name: v.pipe(v.string(), v.minLength(1)) }),
    object: v.object({
      // Unlike the key in an S3 notification, it is not URL-encoded.
      key: v.pipe(v.string(), v.minLength(1)),
      size: v.optional(v.number()),
      etag: v.optional(v.string()),
      'version-id': v.optional(v.string()),
    }),
  }),
})

/** What S3 itself calls the events that EventBridge names otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  'Object Created': 'ObjectCreated:*',
  'Object Tags Added': 'ObjectTagging:Put',
}

/** What an event says about one object. */
export interface ObjectEvent {
  /** As S3 itself names it: `ObjectCreated:…`, `ObjectTagging:Put`. */
  readonly name: string
  readonly bucket: string
  readonly key: string
  readonly size?: number | undefined
  readonly etag?: string | undefined
  readonly versionId?: string | undefined
  /** When it happened, ISO 8601. */
  readonly at?: string | undefined
}

/** The message in an SNS notification; undefined if the value is not one. */
export function sentBySns(value: unknown): string | undefined {
  return v.is(SnsNotification, value) ? value.Message : undefined
}

export function isSubscriptionConfirmation(value: unknown): boolean {
  return v.is(SnsConfirmation, value)
}

/** The event of S3 in an EventBridge event; undefined if the value is not one. */
export function sentByEventBridge(value: unknown): ObjectEvent | undefined {
  const parsed = v.safeParse(EventBridgeEvent, value)
  if (!parsed.success) return undefined
  const {
    'detail-type': type,
    time: at,
    detail: { bucket, object },
  } = parsed.output
  const { key, size, etag, 'version-id': versionId } = object
  return { name: NAMES[type] ?? type, bucket: bucket.name, key, size, etag, versionId, at }
}
