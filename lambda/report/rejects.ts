import type { ClosedCounts } from '../settle/closed-lines.ts'
import { notDelivered, type Rejects, type Report } from './report.ts'

/** The closed lines of parts of a file, and of the groups that share a dead letter. */
export type ClosedParts = ReadonlyMap<number | 'groups', ClosedCounts>

/** Whether a report counts at least these closed lines. */
export function includesClosed({ rejects }: Pick<Report, 'rejects'>, parts: ClosedParts): boolean {
  return [...parts].every(([part, { fixed, closed }]) => {
    const counted = rejects?.parts?.[part] ?? { fixed: 0, closed: 0 }
    return counted.fixed >= fixed && counted.closed >= closed
  })
}

/** The report with the closed lines of some parts of its file. The counts of a part only grow, so the larger one is the newer one. */
export function withClosedLines(report: Report, parts: ClosedParts): Report {
  const all = new Map(Object.entries(report.rejects?.parts ?? {}))
  for (const [part, { fixed, closed }] of parts) {
    const earlier = all.get(String(part)) ?? { fixed: 0, closed: 0 }
    all.set(String(part), { fixed: Math.max(fixed, earlier.fixed), closed: Math.max(closed, earlier.closed) })
  }
  const total = notDelivered(report)
  const sum = (of: (counts: ClosedCounts) => number) =>
    Math.min(
      total,
      [...all.values()].reduce((lines, counts) => lines + of(counts), 0),
    )
  const [fixed, closed] = [sum((counts) => counts.fixed), sum((counts) => counts.closed)]
  const rejects = { open: total - closed, fixed, discarded: closed - fixed, parts: Object.fromEntries(all) }
  return withRejects(report, rejects)
}

/** The report, with what became of its lines that were not delivered. */
export function withRejects(report: Report, rejects: Rejects): Report {
  return { ...report, state: stateWith(report, rejects.open), rejects }
}

function stateWith({ state }: Report, open: number): Report['state'] {
  if (state !== 'complete-with-rejects' && state !== 'complete-after-fixing') return state
  return open === 0 ? 'complete-after-fixing' : 'complete-with-rejects'
}
