import type { Mutant } from './mutant.ts'

const CLOSING = 'test/journeys/send-closing.test.ts'

/** Mistakes in what becomes of the rejected lines of a sent file, and in the rules for fixed lines. */
export const SEND_CLOSING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a replay validates lines without the rules of their files',
    file: 'cli/rejects/replay.ts',
    find: 'changesOf(deadLetter?.rules)',
    replace: 'changesOf([])',
    tests: ['test/cli/rejects/replay.test.ts'],
  },
  {
    name: 'a line counts as fixed although its fixed line was rejected again',
    file: 'cli/send/closing/closed-lines.ts',
    find: "if (!isUndelivered(line) || closed.fixed.has(line)) return 'delivered'",
    replace: "return 'delivered'",
    tests: [CLOSING],
  },
  {
    name: 'a line counts as fixed when one of its pieces is delivered',
    file: 'cli/send/closing/closed-lines.ts',
    find: "if (indexes.every((index) => result(index + 1) === 'delivered')) fixed.add(line)",
    replace: "if (indexes.some((index) => result(index + 1) === 'delivered')) fixed.add(line)",
    tests: [CLOSING],
  },
  {
    name: 'what was fixed before a file was sent again counts',
    file: 'cli/send/closing/rejecting-send.ts',
    find: '&& some.startedAt === other.startedAt',
    replace: '',
    tests: [CLOSING],
  },
  {
    name: 'a line whose row was deleted stays open',
    file: 'cli/send/closing/close-reports.ts',
    find: 'const open = kept === undefined ? left - discardedAlone : [...kept].filter(isOpen).length',
    replace: 'const open = left - discardedAlone',
    tests: [CLOSING],
  },
  {
    name: 'only the report of the file that was fixed last is closed',
    file: 'cli/send/closing/close-reports.ts',
    find: '...(parent === undefined ? [] : await closeReports(parent))',
    replace: '',
    tests: [CLOSING],
  },
  {
    name: 'lines that were delivered are sent again with the same file of rows',
    file: 'cli/send/edited-rows.ts',
    find: 'return rows.filter(({ source }) => !isDelivered(source?.line ?? 0))',
    replace: 'return rows',
    tests: [CLOSING],
  },
  {
    name: 'fixed lines escape the rules that their file was sent with',
    file: 'cli/send/pinned-rules.ts',
    find: 'const all = [...pinned, ',
    replace: 'const all = [',
    tests: [CLOSING],
  },
  {
    name: 'a line that is rejected again forgets where it was first',
    file: 'cli/send/file-ports.ts',
    find: 'localSourceFiles(file, state.startedAt, fixed && REPLAY)',
    replace: 'localSourceFiles(file, state.startedAt)',
    tests: [CLOSING],
  },
  {
    name: 'a folder skips a table with another name, although rules know its columns',
    file: 'cli/local/watched-folder.ts',
    find: 'await whySkipped(read, key, stats, rules)',
    replace: 'await whySkipped(read, key, stats, [])',
    tests: ['test/cli/local/watched-folder.test.ts'],
  },
  {
    name: 'the dead letter of a row of a CSV file forgets the row',
    file: 'lambda/settle/build-dead-letter.ts',
    find: 'return { ...line, ...rowField(row, line) }',
    replace: 'return line',
    tests: ['test/proof/sim/sim.test.ts'],
  },
]
