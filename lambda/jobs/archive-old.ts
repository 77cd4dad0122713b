import { archive } from '../archive/archive.ts'
import type { Ports } from '../ports.ts'

const DAY_MS = 24 * 60 * 60_000
/** SQS deletes a dead letter after 14 days. The other four days are for archiving that fails, or a person who is away. */
export const OLD_AFTER_MS = 10 * DAY_MS

/** The daily job that moves dead letters into the bucket before SQS deletes them. */
export async function archiveOld(ports: Ports, ending: AbortSignal): Promise<void> {
  const now = ports.clock.now()
  const latestSentAt = now - OLD_AFTER_MS
  let oldest = now
  const { seen, archived, isWhole } = await archive(ports, {
    bucket: ports.bucket,
    why: 'old',
    matches: ({ sentAt }) => {
      const isOld = sentAt.getTime() <= latestSentAt
      if (!isOld) oldest = Math.min(oldest, sentAt.getTime())
      return isOld
    },
    ending,
  })
  ports.events.archived(seen, archived, isWhole, Math.round((now - oldest) / 1000))
}
