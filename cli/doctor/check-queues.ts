import { wiringOf, type Wiring } from '../../lib/wiring.ts'
import { readSettings } from '../../lib/settings.ts'
import { counted } from '../terminal/numbers.ts'
import { shellWord } from '../terminal/escape.ts'
import { findingsOf, type Finding } from './finding.ts'

/** A queue and the attributes that SQS has of it. */
export interface QueueFacts {
  readonly url: string
  readonly attributes: Readonly<Partial<Record<string, string>>>
}

/** Services cannot send to a queue that is encrypted with this key, because nobody can change its policy. */
const AWS_OWNED_KEY = /\balias\/aws\/sqs$/

/** Whether messages stay long enough in the import queue, and where they go after too many deliveries. */
export function checkImportQueue(
  queue: QueueFacts,
  deadLetters: QueueFacts,
  wiring: Wiring = wiringOf(readSettings({})),
): readonly Finding[] {
  const { ok, warning, wrong } = findingsOf('import queue')
  const { attributes } = queue
  const set = (changed: Readonly<Record<string, string>>) => setAttributes(queue.url, changed)
  const found: Finding[] = []
  const { deadLetterTargetArn, maxReceiveCount } = parsed(attributes.RedrivePolicy)
  const target = deadLetters.attributes.QueueArn ?? ''
  if (deadLetterTargetArn !== target) {
    const problem =
      deadLetterTargetArn === undefined
        ? 'It has no redrive policy: a message that always fails is deleted after its retention, and nobody sees it.'
        : `Its redrive policy names another queue than the dead-letter queue: ${deadLetterTargetArn}.`
    const policy = { deadLetterTargetArn: target, maxReceiveCount: maxReceiveCount ?? wiring.importQueue.maxReceiveCount }
    found.push(wrong(problem, set({ RedrivePolicy: JSON.stringify(policy) })))
  }
  const { visibilityTimeoutSeconds, retentionSeconds } = wiring.importQueue
  if (Number(attributes.VisibilityTimeout) < wiring.function.timeoutSeconds)
    found.push(
      wrong(
        `Its visibility timeout is ${counted(Number(attributes.VisibilityTimeout), 'second')}, which is shorter than an invocation: work is delivered again while it runs.`,
        set({ VisibilityTimeout: String(visibilityTimeoutSeconds) }),
      ),
    )
  if (Number(attributes.MessageRetentionPeriod) < retentionSeconds)
    found.push(warning(retentionText(attributes, retentionSeconds), set({ MessageRetentionPeriod: String(retentionSeconds) })))
  found.push(...checkKey(queue, wrong))
  return found.length > 0
    ? found
    : [ok(`A message that fails ${counted(Number(maxReceiveCount), 'time')} moves to the dead-letter queue.`)]
}

/** Whether dead letters stay long enough, and can come from the import queue. */
export function checkDeadLetterQueue(
  deadLetters: QueueFacts,
  queue: QueueFacts,
  wiring: Wiring = wiringOf(readSettings({})),
): readonly Finding[] {
  const { ok, warning, wrong } = findingsOf('dead-letter queue')
  const { attributes } = deadLetters
  const { redrivePermission = 'allowAll', sourceQueueArns = [] } = parsed(attributes.RedriveAllowPolicy)
  const source = queue.attributes.QueueArn ?? ''
  const found: Finding[] = []
  if (redrivePermission === 'denyAll' || (redrivePermission === 'byQueue' && !sourceQueueArns.includes(source)))
    found.push(
      wrong(
        'Its redrive allow policy does not allow the import queue as a source.',
        setAttributes(deadLetters.url, {
          RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [source] }),
        }),
      ),
    )
  const { retentionSeconds } = wiring.deadLetterQueue
  if (Number(attributes.MessageRetentionPeriod) < retentionSeconds)
    found.push(
      warning(
        retentionText(attributes, retentionSeconds),
        setAttributes(deadLetters.url, { MessageRetentionPeriod: String(retentionSeconds) }),
      ),
    )
  found.push(...checkKey(deadLetters, wrong))
  return found.length > 0 ? found : [ok(`Dead letters are kept for ${daysOf(attributes.MessageRetentionPeriod)}.`)]
}

function checkKey({ url, attributes }: QueueFacts, wrong: (text: string, ...commands: string[]) => Finding): readonly Finding[] {
  if (!AWS_OWNED_KEY.test(attributes.KmsMasterKeyId ?? '')) return []
  return [
    wrong(
      'It is encrypted with the key aws/sqs, with which S3, EventBridge and SNS cannot send. Let SQS manage the key, or use one of yours.',
      setAttributes(url, { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' }),
    ),
  ]
}

function retentionText({ MessageRetentionPeriod }: QueueFacts['attributes'], retentionSeconds: number): string {
  return `It keeps messages for ${daysOf(MessageRetentionPeriod)}; the stack sets ${daysOf(retentionSeconds)}.`
}

function daysOf(seconds: string | number | undefined): string {
  return counted(Math.floor((Number(seconds) / 86_400) * 10) / 10, 'day')
}

function setAttributes(url: string, attributes: Readonly<Record<string, string>>): string {
  return `aws sqs set-queue-attributes --queue-url ${shellWord(url)} --attributes ${shellWord(JSON.stringify(attributes))}`
}

/** The members of a redrive policy, and of a redrive allow policy. */
interface Redrive {
  readonly deadLetterTargetArn?: string
  readonly maxReceiveCount?: number
  readonly redrivePermission?: string
  readonly sourceQueueArns?: readonly string[]
}

function parsed(text: string | undefined): Redrive {
  return JSON.parse(text ?? '{}') as Redrive
}
