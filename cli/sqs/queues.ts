import type { DatabaseSync } from 'node:sqlite'
import * as v from 'valibot'
import { invalidAttribute, invalidParameter, missingParameter, noSuchQueue, SqsError } from './errors.ts'

export type Attributes = Readonly<Record<string, string>>

export interface Queue {
  readonly name: string
  readonly arn: string
  readonly attributes: Attributes
  readonly createdAt: number
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string
  readonly maxReceiveCount: number
}

/** Settable attributes, with AWS's default and range where there is one. */
const DEFAULTS: Attributes = {
  VisibilityTimeout: '30',
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  SqsManagedSseEnabled: 'true',
}

const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  VisibilityTimeout: [0, 43_200],
  DelaySeconds: [0, 900],
  MaximumMessageSize: [1_024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
}

/** Kept as they are, since nobody here acts on them. */
const KEPT = new Set(['SqsManagedSseEnabled', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'Policy', 'RedrivePolicy', 'RedriveAllowPolicy'])

const RedrivePolicyJson = v.object({
  deadLetterTargetArn: v.string(),
  maxReceiveCount: v.pipe(v.union([v.number(), v.pipe(v.string(), v.transform(Number))]), v.integer(), v.minValue(1), v.maxValue(1000)),
})

/** The queues that there are, and what is set for them. */
export class Queues {
  readonly #db: DatabaseSync
  readonly #arnPrefix: string
  readonly #now: () => number

  constructor(db: DatabaseSync, arnPrefix: string, now: () => number) {
    this.#db = db
    this.#arnPrefix = arnPrefix
    this.#now = now
  }

  arnOf(name: string): string {
    return this.#arnPrefix + name
  }

  /** Making it again is no error, unless an attribute that is named has another value. */
  create(name: string | undefined, attributes: Attributes = {}): Queue {
    if (name === undefined) throw missingParameter('QueueName')
    if (name.endsWith('.fifo') || attributes.FifoQueue !== undefined) {
      throw new SqsError('com.amazonaws.sqs#UnsupportedOperation', 'FIFO queues are not implemented by this local SQS.', 'AWS.SimpleQueueService.UnsupportedOperation')
    }
    if (!/^[\w-]{1,80}$/.test(name)) throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length')
    checkAttributes(attributes)
    const existing = this.#find(name)
    if (existing === undefined) {
      const insert = this.#db.prepare('INSERT INTO queues (name, attributes, created_at) VALUES (?, ?, ?)')
      insert.run(name, JSON.stringify({ ...DEFAULTS, ...attributes }), this.#now())
      return this.byName(name)
    }
    const conflict = Object.keys(attributes).find((key) => existing.attributes[key] !== attributes[key])
    if (conflict === undefined) return existing
    throw new SqsError(
      'com.amazonaws.sqs#QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${conflict}`,
      'QueueAlreadyExists',
    )
  }

  set(queue: Queue, attributes: Attributes): void {
    checkAttributes(attributes)
    const merged = Object.entries({ ...queue.attributes, ...attributes }).filter(([key, value]) => value !== '' || !KEPT.has(key))
    this.#db.prepare('UPDATE queues SET attributes = ? WHERE name = ?').run(JSON.stringify(Object.fromEntries(merged)), queue.name)
  }

  delete(queue: Queue): void {
    this.#db.prepare('DELETE FROM messages WHERE queue = ?').run(queue.name)
    this.#db.prepare('DELETE FROM queues WHERE name = ?').run(queue.name)
  }

  list(prefix = ''): readonly Queue[] {
    return this.#db
      .prepare('SELECT name FROM queues ORDER BY name')
      .all()
      .map(({ name }) => String(name))
      .filter((name) => name.startsWith(prefix))
      .map((name) => this.byName(name))
  }

  byName(name: string): Queue {
    const queue = this.#find(name)
    if (queue === undefined) throw noSuchQueue()
    return queue
  }

  /** Only the path of a queue's address counts: host and port may have changed since it was noted. */
  byUrl(url: string | undefined): Queue {
    if (url === undefined) throw missingParameter('QueueUrl')
    return this.byName(url.split('/').at(-1) ?? '')
  }

  byArn(arn: string): Queue | undefined {
    return arn.startsWith(this.#arnPrefix) ? this.#find(arn.slice(this.#arnPrefix.length)) : undefined
  }

  /** Queues that name this one as their dead-letter queue. */
  sourcesOf(deadLetters: Queue): readonly Queue[] {
    return this.list().filter((queue) => redrivePolicyOf(queue)?.deadLetterTargetArn === deadLetters.arn)
  }

  #find(name: string): Queue | undefined {
    const row = this.#db.prepare('SELECT attributes, created_at FROM queues WHERE name = ?').get(name)
    if (row === undefined) return undefined
    // Only this class writes the column.
    const attributes = JSON.parse(String(row.attributes)) as Attributes
    return { name, arn: this.arnOf(name), attributes, createdAt: Number(row.created_at) }
  }
}

export function redrivePolicyOf({ attributes: { RedrivePolicy } }: Queue): RedrivePolicy | undefined {
  return RedrivePolicy === undefined ? undefined : v.parse(RedrivePolicyJson, JSON.parse(RedrivePolicy))
}

export function secondsOf(queue: Queue, name: 'VisibilityTimeout' | 'DelaySeconds' | 'MessageRetentionPeriod' | 'ReceiveMessageWaitTimeSeconds'): number {
  return Number(queue.attributes[name] ?? DEFAULTS[name])
}

function checkAttributes(attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const range = RANGES[name]
    if (range === undefined) {
      if (!KEPT.has(name)) throw new SqsError('com.amazonaws.sqs#InvalidAttributeName', `Unknown Attribute ${name}.`, 'InvalidAttributeName')
      continue
    }
    const number = Number(value)
    if (!Number.isInteger(number) || number < range[0] || number > range[1]) throw invalidAttribute(`Invalid value for the parameter ${name}.`)
  }
  const { RedrivePolicy } = attributes
  if (RedrivePolicy !== undefined && RedrivePolicy !== '' && !isRedrivePolicy(RedrivePolicy)) {
    throw invalidAttribute(`Value ${RedrivePolicy} for parameter RedrivePolicy is invalid. Reason: it is no redrive policy.`)
  }
}

function isRedrivePolicy(text: string): boolean {
  try {
    return v.is(RedrivePolicyJson, JSON.parse(text))
  } catch {
    return false
  }
}
