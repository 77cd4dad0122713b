import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { reportKey } from '../../lambda/keys.ts'
import type { ListedFile } from '../../lambda/ports.ts'
import type { ReportState } from '../../lambda/report/report.ts'

/** What is left to do in a state folder, over all runs. */
export interface RemainingWork {
  /** The files whose import has not ended. */
  readonly unfinished: readonly SourceFile[]
  /** The files that wait for a person to release or discard them. */
  readonly held: readonly SourceFile[]
  /** How many imports have ended, but not with all lines delivered. */
  readonly withRejects: number
}

const WITHOUT_REJECTS: ReadonlySet<ReportState> = new Set([
  'importing',
  'held',
  'complete',
  'complete-after-fixing',
  'skipped',
  'discarded',
  'cancelled',
])

/**
 * Compares the files in the bucket with their reports. An empty queue alone proves nothing: a message can be lost, or can have failed too
 * often.
 *
 * @param states the state of each report, by key
 */
export async function findRemainingWork(
  pages: AsyncIterable<readonly ListedFile[]>,
  states: ReadonlyMap<string, ReportState>,
): Promise<RemainingWork> {
  const unfinished: SourceFile[] = []
  const held: SourceFile[] = []
  for await (const page of pages) {
    for (const { file } of page) {
      const state = states.get(reportKey(file))
      if (state === undefined || state === 'importing') unfinished.push(file)
      else if (state === 'held') held.push(file)
    }
  }
  const withRejects = [...states.values()].filter((state) => !WITHOUT_REJECTS.has(state)).length
  return { unfinished, held, withRejects }
}
