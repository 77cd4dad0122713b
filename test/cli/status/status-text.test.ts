import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { csvRowOf, reportText, statusText } from '../../../cli/status/status-text.ts'
import { widthOf, wrapped } from '../../../cli/terminal/layout.ts'
import { NO_BRAKE } from '../../../lambda/control/brake.ts'
import { REASONS } from '../../../lambda/reasons.ts'
import type { Report } from '../../../lambda/report/report.ts'

const STARTED = '2026-01-01T00:00:00.000Z'
const now = Date.parse(STARTED) + 3_725_000

const DONE: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'complete',
  file: { bucket: 'b', key: 'incoming/a.json', versionId: 'v', etag: 'e', bytes: 100 },
  lines: { total: 50_000, delivered: 50_000, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 40_000, set: 10_000, alias: 12 },
  rejectedBy: {},
  warnings: {},
  time: { first: 1_393_344_604, last: 1_393_431_004 },
  startedAt: STARTED,
  finishedAt: '2026-01-01T00:01:40.000Z',
  invocations: 1,
  repeatsPossible: 0,
}

const REJECTED: Report = {
  ...DONE,
  state: 'complete-with-rejects',
  file: { ...DONE.file, key: 'incoming/may 2024.json' },
  lines: { total: 50_000, delivered: 49_000, rejected: 998, undeliverable: 1, blank: 1 },
  rejectedBy: {
    missing_timestamp: { count: 998, examples: [1, 2, 3, 4].map((line) => ({ line, detail: `detail ${line}` })) },
  },
}

const { finishedAt: _, ...unfinished } = DONE
const RUNNING: Report = { ...unfinished, state: 'importing', lines: { ...DONE.lines, delivered: 37_250 } }

const PIPE = { write: () => true }
const nothingWaits = { messages: 0, deadLetters: 0 }
const context = {
  newer: [],
  total: 1,
  waiting: nothingWaits,
  brake: NO_BRAKE,
  deploymentOptions: '',
  expected: new Map<Report, number>(),
  now,
}

test('a report says how many lines share a dead letter', () => {
  const text = reportText({ ...REJECTED, grouped: { missing_timestamp: 998 } }, { deploymentOptions: '', now }, PIPE)
  expect(text).toContain('    998 lines with this reason: in one dead letter\n')
})

describe('all imports', () => {
  test('the newest first, with the reasons of rejected lines, and the queues', () => {
    const older = { ...REJECTED, startedAt: '2025-12-31T23:59:00.000Z', finishedAt: '2026-01-01T00:00:00.000Z' }
    const rejectedBy = { missing_timestamp: { count: 3, examples: [] }, invalid_json: { count: 995, examples: [] } }
    expect(statusText([{ ...older, rejectedBy }, DONE, RUNNING], { ...context, total: 3 }, PIPE)).toBe(
      `incoming/a.json
  done
  2026-01-01 00:00  1 min 40 s, 50,000 lines, 50,000 delivered
incoming/a.json
  importing
  2026-01-01 00:00  37,250 lines done, 37,250 delivered, 10 a second
incoming/may 2024.json
  done, 998 lines rejected, 1 line undeliverable
  2025-12-31 23:59  1 min 0 s, 50,000 lines, 49,000 delivered
  invalid_json 995, missing_timestamp 3

import queue 0 · dead letters 0
`,
    )
  })

  // prettier-ignore
  test.each([
    // lines of the file  what the user sees
    [ 50_000,             '████████░░░░ 74% of 50,000 lines, 21 min left\n  37,250 delivered, 10 a second' ],
    [ 37_250,             '████████████ 100% of 37,250 lines, 0 s left\n  37,250 delivered, 10 a second' ],
    [ 10,                 '37,250 lines done, 37,250 delivered, 10 a second' ],
  ])('a running import of a file with %i lines', (lines, text) => {
    expect(statusText([RUNNING], { ...context, expected: new Map([[RUNNING, lines]]) }, PIPE)).toContain(`  2026-01-01 00:00  ${text}\n`)
  })

  test('a wide terminal shows a running import on one row', () => {
    const terminal = { ...PIPE, isTTY: true, columns: 120 }
    const text = statusText([RUNNING], { ...context, expected: new Map([[RUNNING, 50_000]]) }, terminal)
    expect(text).toContain('74% of 50,000 lines, 21 min left, 37,250 delivered, 10 a second\n')
  })

  const detail = `It is an array. ${'Fix it. '.repeat(9)}To convert it, run: npx km-import fix a.json --fix array.`
  const failed: Report = {
    ...DONE,
    state: 'failed',
    failure: { reason: 'not_line_delimited_json', detail },
    lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
  }

  test('a rejected file: why, and what to do', () => {
    expect(statusText([failed], context, PIPE)).toContain(`
  rejected
  2026-01-01 00:00  It is an array. Fix it. Fix it. Fix it. Fix it. Fix it. Fix
  it. Fix it. Fix it. Fix it. To convert it, run:
  npx km-import fix a.json --fix array.
`)
  })

  test('a file that is rejected in its middle: its counts too', () => {
    const lines = { ...failed.lines, total: 5, delivered: 5 }
    expect(statusText([{ ...failed, lines }], context, PIPE)).toContain(
      '\n  2026-01-01 00:00  1 min 40 s, 5 lines, 5 delivered\n  It is an array. Fix it.',
    )
  })

  test('a held file: its lines, and the command that says why', () => {
    const { finishedAt: _finishedAt, ...held } = DONE
    const text = statusText([{ ...held, state: 'held' }], { ...context, deploymentOptions: ' --stack S' }, PIPE)
    expect(text).toContain('\n  2026-01-01 00:00  50,000 lines\n  See why: npx km-import status incoming/a.json --stack S\n')
  })

  test('on a terminal that is redrawn, only as many as fit', () => {
    const reports = Array.from({ length: 20 }, (_, index) => ({ ...DONE, startedAt: `2026-01-01T00:00:${10 + index}.000Z` }))
    const text = statusText(reports, { ...context, total: 500, maxRows: 23, deploymentOptions: ' --stack S' }, PIPE)
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(23)
    expect(text).toContain('These are the newest 6 of 500 files. npx km-import status --stack S shows more.\n')
  })

  // prettier-ignore
  test.each([
    // columns of the terminal  widest row
    [ undefined,                80 ],
    [ 80,                       80 ],
    [ 120,                      120 ],
    [ 300,                      120 ],
  ])('a long name is cut in its middle on %p columns', (columns, width) => {
    const file = { ...DONE.file, key: `incoming/daily/${'x'.repeat(200)}/2026-01-01.json` }
    const terminal = { ...PIPE, ...(columns !== undefined && { isTTY: true, columns }) }
    const text = stripVTControlCharacters(statusText([{ ...DONE, file }], context, terminal))
    expect(Math.max(...text.split('\n').map(widthOf))).toBe(width)
    expect(text).toMatch(/^incoming\/daily\/x+…x+\/2026-01-01\.json\n/)
  })

  test('an import without news for half an hour says so', () => {
    const quiet = { ...RUNNING, updatedAt: new Date(now - 1_800_000).toISOString() }
    const active = { ...RUNNING, updatedAt: new Date(now - 1_799_000).toISOString() }
    expect(statusText([quiet], context, PIPE)).toContain('\n  importing, no news for 30 min 0 s\n')
    expect(statusText([active], context, PIPE)).toContain('\n  importing\n')
  })

  test('before the first file', () => {
    expect(statusText([], { ...context, total: 0 }, PIPE)).toBe('No files yet.\n\nimport queue 0 · dead letters 0\n')
  })

  test('a file whose report only a newer version can read', () => {
    expect(statusText([DONE], { ...context, newer: ['incoming/n.json'], total: 2 }, PIPE)).toContain(
      '\nincoming/n.json\n  written by a newer version of the importer: use that version of km-import\n\nimport queue',
    )
  })

  test('only the newest, and how to see the others', () => {
    expect(statusText([DONE], { ...context, total: 1_234 }, PIPE)).toContain(
      'These are the newest 1 of 1,234 files. Use --all to show all.\n',
    )
  })

  test('with dead letters, the command that lists them in the same deployment', () => {
    const waiting = { messages: 2, deadLetters: 999 }
    expect(statusText([DONE], { ...context, waiting, deploymentOptions: ' --stack Importer' }, PIPE)).toContain(
      'import queue 2 · dead letters 999\nSee the rejected lines: npx km-import rejects list --stack Importer\n',
    )
  })
})

describe('one import in full', () => {
  const { means, fix } = REASONS.missing_timestamp

  test('with rejected lines: why, where, and the command to fix them', () => {
    expect(reportText(REJECTED, { deploymentOptions: ' --stack Importer', now }, PIPE)).toBe(
      `incoming/may 2024.json
  done, 998 lines rejected, 1 line undeliverable

  lines             50,000
  delivered         49,000  record 40,000, set 10,000, alias 12
  rejected             998
  undeliverable          1
  blank                  1

  started       2026-01-01 00:00:00 UTC
  duration      1 min 40 s, 500 lines a second
  events dated  2014-02-25 to 2014-02-26

  missing_timestamp  998
${wrapped(`${means}. ${fix}`, '    ').join('\n')}
    line 1: detail 1
    line 2: detail 2
    line 3: detail 3

  To fix the 999 lines:
  npx km-import rejects pull --key 'incoming/may 2024.json' -o rejects.jsonl --stack Importer
`,
    )
  })

  const options = { deploymentOptions: '', now }
  const failure = { reason: 'not_line_delimited_json', detail: 'It is an array.' } as const

  // prettier-ignore
  test.each<[string, Report, string]>([
    [ 'done',      DONE,                                    'Every line was delivered.' ],
    [ 'running',   RUNNING,                                 'The import is running. Use --watch to follow it.' ],
    [ 'rejected',  { ...DONE, state: 'failed', failure },   'It is an array.\n\n  Fix the file and import it again.' ],
    [ 'replaced',  { ...DONE, state: 'superseded' },        'To import the file, upload it again.' ],
    [ 'deleted',   { ...DONE, state: 'gone' },              'To import the file, upload it again.' ],
    [ 'repeated',  { ...DONE, repeatsPossible: 20 },        'repeats               20  at most; Kissmetrics ignores repeats' ],
    [ 'warnings',  { ...DONE, warnings: { empty_property: 3 } }, '  3 times: ' ],
  ])('%s', (_what, report, text) => {
    expect(reportText(report, options, PIPE)).toContain(text)
  })

  test('control characters in a key do not reach the terminal', () => {
    const report = { ...REJECTED, file: { ...REJECTED.file, key: 'incoming/\u001b[2J.json' } }
    expect(reportText(report, options, PIPE) + statusText([report], context, PIPE)).not.toContain('\u001b')
  })
})

test('a row of a table for programs', () => {
  expect(csvRowOf(RUNNING, now)).toEqual({
    file: 'incoming/a.json',
    state: 'importing',
    lines: 50_000,
    delivered: 37_250,
    rejected: 0,
    undeliverable: 0,
    blank: 0,
    started: STARTED,
    seconds: 3_725,
    'lines a second': 10,
    'still open': 0,
  })
})

test('an import without news says how to continue it', () => {
  const quiet = { ...RUNNING, updatedAt: new Date(now - 90_180_000).toISOString() }
  const text = reportText(quiet, { ...context, deploymentOptions: ' --stack S' }, PIPE)
  expect(text).toContain('  importing, no news for 25 h 3 min\n')
  expect(text).toContain('\n  npx km-import backfill --stack S\n')
  expect(reportText(RUNNING, context, PIPE)).toContain('The import is running.')
})
