import type { Task } from '../intake/task.ts'
import type { Ports } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { Counts } from '../settle/counts.ts'

/**
 * Counts for CloudWatch what a run has done between two checkpoints. A line is counted when a checkpoint shows it as settled, so a run that
 * is killed does not count the lines that the next run sends again.
 */
export class ProgressMetrics {
  readonly #ports: Pick<Ports, 'clock' | 'events'>
  readonly #since: number
  #counted: Counts

  /** @param first the checkpoint that the run begins with */
  constructor({ since }: Task, first: Pick<Checkpoint, 'counts' | 'startedAt'>, ports: Pick<Ports, 'clock' | 'events'>) {
    this.#ports = ports
    this.#since = since ?? Date.parse(first.startedAt)
    this.#counted = first.counts
  }

  report({ counts }: Pick<Checkpoint, 'counts'>): void {
    const before = this.#counted
    this.#counted = counts
    const { clock, events } = this.#ports
    events.progress({
      delivered: counts.lines.delivered - before.lines.delivered,
      rejected: counts.lines.rejected - before.lines.rejected,
      undeliverable: counts.lines.undeliverable - before.lines.undeliverable,
      rejectedBy: newByReason(counts, before),
      ageSeconds: Math.round((clock.now() - this.#since) / 1000),
    })
  }
}

function newByReason({ rejectedBy }: Counts, before: Counts): Record<string, number> {
  const reasons = Object.keys(rejectedBy) as ReasonCode[]
  return Object.fromEntries(
    reasons
      .map((reason) => [reason, (rejectedBy[reason]?.count ?? 0) - (before.rejectedBy[reason]?.count ?? 0)] as const)
      .filter(([, lines]) => lines > 0),
  )
}
