import type {
  Event,
  GetBucketNotificationConfigurationCommandOutput,
  NotificationConfigurationFilter,
  QueueConfiguration,
} from '@aws-sdk/client-s3'
import { printable, shellWord } from '../terminal/escape.ts'
import { findingsOf, type Finding } from './finding.ts'

export type Notifications = Omit<GetBucketNotificationConfigurationCommandOutput, '$metadata'>

/** How the events of a bucket are meant to reach the import queue. */
export type Way = { readonly kind: 'queue' } | { readonly kind: 'eventbridge' } | { readonly kind: 'topic'; readonly arn: string }

export interface WatchedBucket {
  readonly bucket: string
  /** Keys that are imported; '' for all. */
  readonly prefixes: readonly string[]
  readonly way: Way
}

/** S3 sends `s3:ObjectCreated:*` for each of these. */
const CREATIONS: readonly Event[] = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
]

/** The events that the importer needs. */
const NEEDED: readonly Event[] = ['s3:ObjectCreated:*', 's3:ObjectTagging:Put']

type Target = Pick<QueueConfiguration, 'Events' | 'Filter'>

/** Whether a bucket sends an event for each uploaded file, and for each tag, to where the importer expects it. */
export function checkNotifications(watched: WatchedBucket, notifications: Notifications, queueArn: string): readonly Finding[] {
  const { bucket, prefixes, way } = watched
  const { ok, warning, wrong } = findingsOf(`events of ${printable(bucket)}`)
  if (way.kind === 'eventbridge') {
    if (notifications.EventBridgeConfiguration !== undefined)
      return [ok('The bucket sends its events to EventBridge, and a rule of the stack sends them to the import queue.')]
    return [
      wrong(
        'The bucket does not send its events to EventBridge, so files are only found by the daily search. The command turns this on, and keeps its other notifications.',
        putCommand(bucket, { ...notifications, EventBridgeConfiguration: {} }),
      ),
    ]
  }
  const [what, targets] =
    way.kind === 'queue'
      ? ['the import queue', (notifications.QueueConfigurations ?? []).filter(({ QueueArn }) => QueueArn === queueArn)]
      : ['the SNS topic', (notifications.TopicConfigurations ?? []).filter(({ TopicArn }) => TopicArn === way.arn)]
  const problems = prefixes.flatMap((prefix) => problemWith(prefix, targets, what) ?? [])
  const cure = putCommand(bucket, corrected(notifications, watched, queueArn))
  if (problems.length === 0) {
    const uploads = `Each uploaded file under ${named(prefixes)} sends an event to ${what}`
    if (prefixes.every((prefix) => sendsTags(prefix, targets))) return [ok(`${uploads}, and so does each tag.`)]
    return [
      warning(
        `${uploads}. Tags send none, so a tag does not release or discard a held file; km-import does. The command adds them, and keeps the other notifications of the bucket.`,
        cure,
      ),
    ]
  }
  if (way.kind === 'topic' && notifications.EventBridgeConfiguration !== undefined)
    return [
      warning(
        `${problems.join(' ')} The bucket sends its events to EventBridge; the doctor does not see whether a rule sends them to the topic.`,
        'aws events list-rules --query "Rules[].[Name,State,EventPattern]" --output text',
      ),
    ]
  return [wrong(`${problems.join(' ')} The command corrects this, and keeps the other notifications of the bucket.`, cure)]
}

/** What is wrong with the events of one prefix; undefined if nothing is. */
function problemWith(prefix: string, targets: readonly Target[], what: string): string | undefined {
  const overlapping = targets.filter(({ Filter }) => overlaps(prefixOf(Filter), prefix))
  if (overlapping.length === 0) return `Files under ${named([prefix])} send no event to ${what}.`
  const whole = coveringAll(prefix, overlapping)
  const events = whole.flatMap(({ Events = [] }) => Events)
  const missing = CREATIONS.filter((event) => !events.includes('s3:ObjectCreated:*') && !events.includes(event))
  if (missing.length === 0) return undefined
  if (whole.length > 0) return `Files under ${named([prefix])} send no event to ${what} for ${missing.join(', ')}.`
  const filters = overlapping.map(({ Filter }) => `"${printable(prefixOf(Filter))}*${printable(suffixOf(Filter))}"`)
  return `Of the files under ${named([prefix])}, only those like ${filters.join(', ')} send an event to ${what}.`
}

function sendsTags(prefix: string, targets: readonly Target[]): boolean {
  return coveringAll(prefix, targets).some(({ Events = [] }) =>
    Events.some((event) => event === 's3:ObjectTagging:Put' || event === 's3:ObjectTagging:*'),
  )
}

/** The targets that receive the events of each key with this prefix. */
function coveringAll(prefix: string, targets: readonly Target[]): readonly Target[] {
  return targets.filter(({ Filter }) => prefix.startsWith(prefixOf(Filter)) && suffixOf(Filter) === '')
}

function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}

function prefixOf(filter: NotificationConfigurationFilter | undefined): string {
  return ruleOf(filter, 'prefix')
}

function suffixOf(filter: NotificationConfigurationFilter | undefined): string {
  return ruleOf(filter, 'suffix')
}

/** S3 returns the names of the rules as they were written: `prefix` or `Prefix`. */
function ruleOf(filter: NotificationConfigurationFilter | undefined, name: string): string {
  return filter?.Key?.FilterRules?.find(({ Name }) => Name?.toLowerCase() === name)?.Value ?? ''
}

/** The notifications with one for each prefix, in place of those to the same target that overlap with it: S3 refuses both. */
function corrected(notifications: Notifications, { prefixes, way }: WatchedBucket, queueArn: string): Notifications {
  const isOther = ({ Filter }: Target) => !prefixes.some((prefix) => overlaps(prefixOf(Filter), prefix))
  const wanted = prefixes.map((prefix) => ({
    Events: [...NEEDED],
    ...(prefix !== '' && { Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] } } }),
  }))
  const { QueueConfigurations = [], TopicConfigurations = [] } = notifications
  if (way.kind === 'topic') {
    const others = TopicConfigurations.filter((each) => each.TopicArn !== way.arn || isOther(each))
    return { ...notifications, TopicConfigurations: [...others, ...wanted.map((each) => ({ TopicArn: way.arn, ...each }))] }
  }
  const others = QueueConfigurations.filter((each) => each.QueueArn !== queueArn || isOther(each))
  return { ...notifications, QueueConfigurations: [...others, ...wanted.map((each) => ({ QueueArn: queueArn, ...each }))] }
}

function putCommand(bucket: string, notifications: Notifications): string {
  return `aws s3api put-bucket-notification-configuration --bucket ${shellWord(bucket)} --notification-configuration ${shellWord(JSON.stringify(notifications))}`
}

function named(prefixes: readonly string[]): string {
  return prefixes.map((prefix) => (prefix === '' ? 'any name' : printable(prefix))).join(', ')
}
