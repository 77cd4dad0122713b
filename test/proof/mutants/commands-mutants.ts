import type { Mutant } from './mutant.ts'

/** Mistakes in what commands ask, name and show. */
export const COMMANDS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a continued send asks for lines that are already sent',
    file: 'cli/send/question.ts',
    find: 'lines.valid - validLinesDone(pending)',
    replace: 'lines.valid',
    tests: ['test/cli/send/question.test.ts'],
  },
  {
    name: 'a folder means the files in its folders too',
    file: 'cli/files/named-files.ts',
    find: 'readdir(folder, { withFileTypes: true })',
    replace: 'readdir(folder, { withFileTypes: true, recursive: true })',
    tests: ['test/cli/files/named-files.test.ts'],
  },
  {
    name: 'the reports of earlier sends are sent with their folder',
    file: 'cli/files/named-files.ts',
    find: 'isImportName(entry.name)).filter((file) => !isWrittenBySend(file))',
    replace: 'isImportName(entry.name))',
    tests: ['test/cli/files/named-files.test.ts'],
  },
  {
    name: 'an importer that was killed keeps the next one from starting',
    file: 'cli/deployment/running.ts',
    find: 'if (!isAlive(pid)) return',
    replace: '',
    tests: ['test/cli/deployment/deployment.test.ts'],
  },
  {
    name: 'status shows the oldest import first',
    file: 'cli/status/status-text.ts',
    find: 'b.startedAt.localeCompare(a.startedAt)',
    replace: 'a.startedAt.localeCompare(b.startedAt)',
    tests: ['test/cli/status/status-text.test.ts'],
  },
  {
    name: 'the newest imports scroll away on a terminal that is redrawn',
    file: 'cli/status/status-text.ts',
    find: 'files.slice(0, Math.max(1, count))',
    replace: 'files',
    tests: ['test/cli/status/status-text.test.ts'],
  },
  {
    name: 'a status line is wider than the terminal, and a part of it stays',
    file: 'cli/terminal/output.ts',
    find: 'fitted(text, Math.max(2, (this.#output.columns ?? WIDTH) - 1))',
    replace: 'text',
    tests: ['test/cli/terminal/output.test.ts'],
  },
  {
    name: 'the doctor shows a wrong key',
    file: 'cli/doctor/local/check-computer.ts',
    find: 'it has ${trimmed.length} characters',
    replace: 'it is ${trimmed}',
    tests: ['test/cli/doctor/local/local.test.ts'],
  },
  {
    name: 'Tab offers no files where a command takes some',
    file: 'cli/completion/complete.ts',
    find: 'answer === NO_FILES ? FILES : answer',
    replace: 'answer',
    tests: ['test/cli/completion/completion.test.ts'],
  },
  {
    name: 'a dead letter that another replay has sent meanwhile is sent again, because an attempt to claim it had begun',
    file: 'cli/rejects/archived-files.ts',
    find: '(isWritten ? outcomes.get(id) : undefined)',
    replace: 'outcomes.get(id)',
    tests: ['test/cli/rejects/archived-files.test.ts'],
  },
  {
    name: 'a look through the dead-letter queue believes short polls without asking SQS for its counts',
    file: 'cli/rejects/scan.ts',
    find: 'taken >= Math.max(before, await count())',
    replace: 'taken >= 0',
    tests: ['test/cli/rejects/scan.test.ts'],
  },
]
