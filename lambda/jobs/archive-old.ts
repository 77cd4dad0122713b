import { archive } from '../archive/archive.ts'
import type { Ports } from '../ports.ts'

const DAY_MS = 24 * 60 * 60_000
/** The queue keeps a letter for 14 days; this leaves four in which a sweep may fail, or a person be away. */
const OLD_AFTER_MS = 10 * DAY_MS

/** The sweep that the stack asks for every day: whatever the dead-letter queue would soon drop is kept in the bucket. */
export async function archiveOld(ports: Ports, ending: AbortSignal): Promise<void> {
  const oldest = ports.clock.now() - OLD_AFTER_MS
  const { seen, archived, isWhole } = await archive(ports, {
    bucket: ports.bucket,
    why: 'old',
    isMeant: ({ sentAt }) => sentAt.getTime() <= oldest,
    ending,
  })
  ports.events.archived(seen, archived, isWhole)
}
