import { PARKED_SCHEMA, parkedText, type ParkedLetter } from '../archive/archived.ts'
import { setAsideKey } from '../keys.ts'
import type { LetterSource } from '../settle/dead-letter.ts'
import type { DeadLetterQueue } from '../settle/dead-letter-sender.ts'
import type { World } from '../ports.ts'

/** A letter that came back so often, and failed each time, is not for sending again as it is. */
const MOST_REPLAYS = 3

/**
 * Where the letter of a line, or of a drop, goes: to the dead-letter queue, or aside where it came back too often.
 *
 * What is set aside is kept under `parked/` for a person to mend, so that who redrives the whole queue does not send the hopeless along
 * every time.
 */
export function shelfFor(source: LetterSource, replays: number, world: World): DeadLetterQueue {
  if (replays < MOST_REPLAYS) return world.deadLetters
  const { bucket, key, line } = source
  const place = setAsideKey(source, line)
  return {
    async sendBatch(batch) {
      const now = new Date(world.clock.now()).toISOString()
      const letters = batch.map(({ body }): ParkedLetter => ({
        schema: PARKED_SCHEMA,
        id: world.newRun(), // another one, should the line ever be set aside again
        sentAt: now,
        parkedAt: now,
        why: 'replayed',
        body,
      }))
      await world.parked.put(bucket, place, parkedText(letters))
      world.say.setAside(key, line ?? 0, replays)
      return []
    },
  }
}
