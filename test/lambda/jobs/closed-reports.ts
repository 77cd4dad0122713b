import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { reject, type ReasonCode } from '../../../lambda/reasons.ts'
import { REPORT_SCHEMA, type Report } from '../../../lambda/report/report.ts'
import { fileDeadLetter, groupDeadLetter, lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { FILE, type MemoryCloud } from '../../support/memory-cloud.ts'

/** The final report of a file with so many rejected lines, none of them closed. */
export function reportWith(rejected: number, file: SourceFile = FILE): Report {
  return {
    ...{ schema: REPORT_SCHEMA, state: 'complete-with-rejects', file: { ...file, bytes: 9 }, ...emptyCounts() },
    lines: { total: rejected + 2, delivered: 2, rejected, undeliverable: 0, blank: 0 },
    rejects: { open: rejected, fixed: 0, discarded: 0 },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', invocations: 1, repeatsPossible: 0 },
  }
}

/** What the report of a file says about its rejected lines. */
export function rejectsOf(cloud: MemoryCloud, file: SourceFile = FILE) {
  const { state, rejects } = cloud.read(reportKey(file)) as Report
  return { state, open: rejects?.open, fixed: rejects?.fixed, discarded: rejects?.discarded }
}

export function lineLetter(line: number, file: SourceFile = FILE): DeadLetter {
  const text = `line ${line}`
  return lineDeadLetter({ file, replays: 0 }, { number: line, byteStart: 0, byteEnd: 6, text }, reject('invalid_json'), 0, 0)
}

export function groupLetter(file: SourceFile, reason: ReasonCode, lines: number): DeadLetter {
  return groupDeadLetter({ file, replays: 0 }, reason, { lines, ranges: [[1, lines]], examples: [] }, 0)
}

export function fileLetter(file: SourceFile): DeadLetter {
  return fileDeadLetter({ file, replays: 0 }, reject('invalid_json'), 0)
}
