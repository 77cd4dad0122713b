import { setImmediate } from 'node:timers/promises'
import type { RejectedRow } from './api-types.ts'
import { FixTrial, type FixSuggestions } from './suggestions/fix-trial.ts'

/** After so many lines, other requests get a turn. */
const LINES_PER_TURN = 500

/** Tries the usual fixes on all rows. @param rows called once for each pass over them @param chosen the fixes that come before */
export async function tryFixes(
  rows: () => Iterable<RejectedRow>,
  chosen: readonly string[],
  signal: AbortSignal,
): Promise<FixSuggestions> {
  const trial = new FixTrial(chosen)
  await inTurns(rows(), (row) => {
    trial.look(row)
  })
  await inTurns(rows(), (row) => {
    trial.try(row)
  })
  return trial.result()

  async function inTurns(all: Iterable<RejectedRow>, visit: (row: RejectedRow) => void): Promise<void> {
    let count = 0
    for (const row of all) {
      visit(row)
      count += 1
      if (count % LINES_PER_TURN === 0) await setImmediate(undefined, { signal })
    }
  }
}
