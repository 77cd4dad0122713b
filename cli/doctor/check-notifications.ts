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

type Target = Pick<QueueConfiguration, 'Events' | 'Filter'>

/** Whether a bucket sends an event for each uploaded file to where the importer expects it. */
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
  if (problems.length === 0) return [ok(`Each uploaded file under ${named(prefixes)} sends an event to ${what}.`)]
  if (way.kind === 'topic' && notifications.EventBridgeConfiguration !== undefined)
    return [
      warning(
        `${problems.join(' ')} The bucket sends its events to EventBridge; the doctor does not see whether a rule sends them to the topic.`,
        'aws events list-rules --query "Rules[].[Name,State,EventPattern]" --output text',
      ),
    ]
  const cure = putCommand(bucket, corrected(notifications, watched, queueArn))
  return [wrong(`${problems.join(' ')} The command corrects this, and keeps the other notifications of the bucket.`, cure)]
}

/** What is wrong with the events of one prefix; undefined if nothing is. */
function problemWith(prefix: string, targets: readonly Target[], what: string): string | undefined {
  const overlapping = targets.filter(({ Filter }) => overlaps(prefixOf(Filter), prefix))
  if (overlapping.length === 0) return `Files under ${named([prefix])} send no event to ${what}.`
  const whole = overlapping.filter(({ Filter }) => prefix.startsWith(prefixOf(Filter)) && suffixOf(Filter) === '')
  const events = whole.flatMap(({ Events = [] }) => Events)
  const missing = CREATIONS.filter((event) => !events.includes('s3:ObjectCreated:*') && !events.includes(event))
  if (missing.length === 0) return undefined
  if (whole.length > 0) return `Files under ${named([prefix])} send no event to ${what} for ${missing.join(', ')}.`
  const filters = overlapping.map(({ Filter }) => `"${printable(prefixOf(Filter))}*${printable(suffixOf(Filter))}"`)
  return `Of the files under ${named([prefix])}, only those like ${filters.join(', ')} send an event to ${what}.`
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
    Events: ['s3:ObjectCreated:*' as const],
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
