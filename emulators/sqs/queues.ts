import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { invalidParameter, missingParameter, noSuchQueue, outOfBounds, SqsError, unsupported } from './errors.ts'
import {
  allowsRedriveFrom,
  changed,
  checkAttributes,
  conflict,
  DEFAULTS,
  redrivePolicyOf,
  type Attributes,
} from './queue-attributes.ts'

export interface Queue {
  readonly name: string
  readonly arn: string
  readonly attributes: Attributes
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
}

export interface Page {
  readonly queues: readonly Queue[]
  /** Token of the next page; undefined on the last page. */
  readonly nextToken: string | undefined
}

/** The queues with their attributes. */
export class Queues {
  readonly #db: DatabaseSync
  readonly #region: string
  readonly #accountId: string
  readonly #now: () => number
  readonly #selectByName: StatementSync
  /** Every request looks its queue up. */
  readonly #cached = new Map<string, Queue>()

  constructor(db: DatabaseSync, region: string, accountId: string, now: () => number) {
    this.#db = db
    this.#selectByName = db.prepare('SELECT * FROM queues WHERE name = ?')
    this.#region = region
    this.#accountId = accountId
    this.#now = now
  }

  arnOf(name: string): string {
    return `arn:aws:sqs:${this.#region}:${this.#accountId}:${name}`
  }

  pathOf(name: string): string {
    return `/${this.#accountId}/${name}`
  }

  /** Creating an existing queue succeeds, unless a given attribute has another value. */
  create(name: string | undefined, attributes: Attributes = {}): Queue {
    if (name === undefined) throw missingParameter('QueueName')
    if (name.endsWith('.fifo')) throw unsupported('A FIFO queue')
    if (!/^[\w-]{1,80}$/.test(name))
      throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length')
    checkAttributes(attributes)
    const existing = this.#find(name)
    if (existing === undefined) return this.#insert(name, attributes)
    const differing = conflict(existing.attributes, attributes)
    if (differing === undefined) return existing
    throw new SqsError(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${differing}`,
      'QueueAlreadyExists',
    )
  }

  #insert(name: string, attributes: Attributes): Queue {
    this.#checkDeadLetterQueue(name, attributes)
    const now = this.#now()
    const insert = this.#db.prepare('INSERT INTO queues (name, attributes, created_at, modified_at) VALUES (?, ?, ?, ?)')
    insert.run(name, JSON.stringify(changed(DEFAULTS, attributes)), now, now)
    this.#cached.delete(name)
    return this.byName(name)
  }

  set({ name, attributes }: Queue, changes: Attributes): void {
    checkAttributes(changes)
    this.#checkDeadLetterQueue(name, changes)
    const update = this.#db.prepare('UPDATE queues SET attributes = ?, modified_at = ? WHERE name = ?')
    update.run(JSON.stringify(changed(attributes, changes)), this.#now(), name)
    this.#cached.delete(name)
  }

  delete({ name }: Queue): void {
    this.#db.prepare('DELETE FROM queues WHERE name = ?').run(name)
    this.#cached.delete(name)
  }

  /** Sorted by name. */
  list(prefix = ''): readonly Queue[] {
    const rows = this.#db.prepare('SELECT name FROM queues ORDER BY name').all()
    return rows.flatMap(({ name }) => (String(name).startsWith(prefix) ? [this.byName(String(name))] : []))
  }

  byName(name: string): Queue {
    const queue = this.#find(name)
    if (queue === undefined) throw noSuchQueue()
    return queue
  }

  /** Finds a queue by the path of its URL only: the port may be another one since the last start. */
  byUrl(url: string | undefined): Queue {
    if (url === undefined || url === '') throw missingParameter('QueueUrl')
    const path = URL.parse(url, 'http://localhost')?.pathname ?? ''
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (path !== this.pathOf(name)) throw noSuchQueue()
    return this.byName(name)
  }

  byArn(arn: string): Queue | undefined {
    const name = arn.slice(arn.lastIndexOf(':') + 1)
    return arn === this.arnOf(name) ? this.#find(name) : undefined
  }

  /** The queues whose dead-letter queue is this one. */
  sourcesOf(deadLetters: Queue): readonly Queue[] {
    return this.list().filter(({ attributes }) => redrivePolicyOf(attributes)?.deadLetterTargetArn === deadLetters.arn)
  }

  /** Like AWS, checks the policy when it is set, so that a mistyped ARN is found before a message is lost. */
  #checkDeadLetterQueue(name: string, attributes: Attributes): void {
    const policy = redrivePolicyOf(changed({}, attributes))
    if (policy === undefined) return
    const refuse = (reason: string): SqsError => outOfBounds('RedrivePolicy', attributes.RedrivePolicy ?? '', reason)
    const deadLetters = this.byArn(policy.deadLetterTargetArn)
    if (policy.deadLetterTargetArn === this.arnOf(name)) throw refuse('A queue cannot be its own dead letter target.')
    if (deadLetters === undefined) throw refuse('Dead letter target does not exist.')
    if (!allowsRedriveFrom(deadLetters.attributes, this.arnOf(name)))
      throw refuse('Dead letter target does not allow this source queue.')
  }

  #find(name: string): Queue | undefined {
    const cached = this.#cached.get(name)
    if (cached !== undefined) return cached
    const row = this.#selectByName.get(name)
    if (row === undefined) return undefined
    // only this class writes the column
    const attributes = JSON.parse(String(row.attributes)) as Attributes
    const queue = {
      name,
      arn: this.arnOf(name),
      attributes,
      createdAt: Number(row.created_at),
      modifiedAt: Number(row.modified_at),
    }
    this.#cached.set(name, queue)
    return queue
  }
}

/** One page of a list sorted by name. The token is the last name of the previous page. */
export function pageOf(queues: readonly Queue[], max = queues.length, token = ''): Page {
  const rest = queues.filter(({ name }) => name > token)
  const page = rest.slice(0, max)
  return { queues: page, nextToken: rest.length > page.length ? page.at(-1)?.name : undefined }
}
