import type { SourceFile } from '../intake/source-file.ts'
import type { Clock } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { emptyCounts } from '../settle/counts.ts'

/** What is known about a file of which no line was read. */
export function unreadFile(file: SourceFile, clock: Pick<Clock, 'now'>): ImportState {
  return {
    file,
    bytes: file.bytes ?? 0,
    counts: emptyCounts(),
    linesRead: 0,
    startedAt: new Date(clock.now()).toISOString(),
    invocations: 1,
    repeatsPossible: 0,
    repeatedTries: 0,
  }
}
