import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { OLD_AFTER_MS } from '../../lambda/jobs/archive-old.ts'
import { ARCHIVE_SCHEMA } from '../../lambda/keys.ts'
import type { LocalServices } from './services.ts'

const DAY_MS = 24 * 60 * 60_000

/** Asks for old dead letters to be archived, once a day, as the schedule of the stack does. Without old ones, there is no message. */
export class DailyArchive {
  readonly #services: Pick<LocalServices, 'sqs' | 'importQueueUrl' | 'oldestDeadLetterAt'>
  #nextAt = -Infinity

  constructor(services: Pick<LocalServices, 'sqs' | 'importQueueUrl' | 'oldestDeadLetterAt'>) {
    this.#services = services
  }

  async check(now = Date.now()): Promise<void> {
    const { sqs, importQueueUrl, oldestDeadLetterAt } = this.#services
    if (now < this.#nextAt || now - (oldestDeadLetterAt() ?? now) < OLD_AFTER_MS) return
    this.#nextAt = now + DAY_MS
    await sqs.send(new SendMessageCommand({ QueueUrl: importQueueUrl, MessageBody: JSON.stringify({ schema: ARCHIVE_SCHEMA }) }))
  }
}
