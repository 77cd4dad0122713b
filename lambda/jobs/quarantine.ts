import { ARCHIVED_SCHEMA, archivedText, type ArchivedDeadLetter } from '../archive/archived.ts'
import { quarantineKey } from '../keys.ts'
import type { DeadLetterSource } from '../settle/dead-letter.ts'
import type { Ports, DeadLetterQueue } from '../ports.ts'

/** A letter that came back so often, and failed each time, is not for sending again as it is. */
const MOST_REPLAYS = 3

/**
 * Where the letter of a line, or of a drop, goes: to the dead-letter queue, or aside where it came back too often.
 *
 * What is set aside is kept under `archived/` for a person to mend, so that who redrives the whole queue does not send the hopeless along
 * every time.
 */
export function deadLetterDestination(source: DeadLetterSource, replays: number, ports: Ports): DeadLetterQueue {
  if (replays < MOST_REPLAYS) return ports.deadLetters
  const { bucket, key, line } = source
  const objectKey = quarantineKey(source, line)
  return {
    async sendBatch(batch) {
      const now = new Date(ports.clock.now()).toISOString()
      const deadLetters = batch.map(({ body }): ArchivedDeadLetter => ({
        schema: ARCHIVED_SCHEMA,
        id: ports.newRun(), // another one, should the line ever be set aside again
        sentAt: now,
        archivedAt: now,
        why: 'replayed',
        body,
      }))
      await ports.archived.put(bucket, objectKey, archivedText(deadLetters))
      ports.events.quarantined(key, line ?? 0, replays)
      return []
    },
  }
}
