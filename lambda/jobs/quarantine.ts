import { ARCHIVED_SCHEMA, archivedText, type ArchivedDeadLetter } from '../archive/archived.ts'
import { quarantineKey } from '../keys.ts'
import type { DeadLetterQueue, Ports } from '../ports.ts'
import type { DeadLetterSource } from '../settle/dead-letter.ts'

/** A dead letter that was replayed this often, and failed each time, is quarantined. */
const MAX_REPLAYS = 3

/**
 * Where the dead letter of a line, a file or a group goes: to the dead-letter queue or, after too many replays, into quarantine.
 *
 * A quarantined dead letter is kept under `archived/` for a person to fix. So a redrive of the whole queue does not retry hopeless lines
 * every time.
 *
 * @param group the reason that the lines of a group have in common
 */
export function deadLetterDestination(source: DeadLetterSource, replays: number, ports: Ports, group?: string): DeadLetterQueue {
  if (replays < MAX_REPLAYS) return ports.deadLetters
  const { bucket, key, line } = source
  const objectKey = quarantineKey(source, line, group)
  return {
    async sendBatch(batch) {
      const now = new Date(ports.clock.now()).toISOString()
      const deadLetters = batch.map(({ body }): ArchivedDeadLetter => ({
        schema: ARCHIVED_SCHEMA,
        id: ports.newRun(), // a new id each time that the line is quarantined
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
