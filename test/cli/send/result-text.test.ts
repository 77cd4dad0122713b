import { describe, expect, test } from '@jest/globals'
import type { SentFile } from '../../../cli/send/files.ts'
import { alreadySentText, resultText, stoppedText, wrappedText } from '../../../cli/send/result-text.ts'
import type { Report } from '../../../lambda/report/report.ts'

const PIPE = { write: () => true }

const fileNamed = (name: string): SentFile => ({
  name,
  path: `/data/${name}`,
  source: { bucket: 'this computer', key: `/data/${name}`, etag: 'e', bytes: 3 },
  reportPath: `/data/${name}.report.json`,
  rejectedPath: `/data/${name}.rejected.jsonl`,
  statePath: `/data/${name}.send-state.json`,
})

const DONE: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'complete',
  file: { bucket: 'this computer', key: '/data/may.jsonl', etag: 'e', bytes: 3 },
  lines: { total: 3, delivered: 3, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 3, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T12:34:56.000Z',
  invocations: 1,
  repeatsPossible: 0,
}
const REJECTED: Report = {
  ...DONE,
  state: 'complete-with-rejects',
  lines: { total: 3, delivered: 2, rejected: 1, undeliverable: 0, blank: 0 },
  rejectedBy: { missing_timestamp: { count: 1, examples: [{ line: 2, detail: 'd' }] } },
}

test('all lines delivered', () => {
  expect(resultText(fileNamed('may.jsonl'), DONE, PIPE)).toBe(`may.jsonl  done
  lines                3
  delivered            3  record 3
  rejected             0
  undeliverable        0
  blank                0
  report         /data/may.jsonl.report.json

`)
})

test('warnings about lines that were delivered', () => {
  const text = resultText(fileNamed('may.jsonl'), { ...DONE, warnings: { placeholder_identity: 2_000, empty_property: 1 } }, PIPE)
  expect(text.replaceAll(/\s+/g, ' ')).toMatch(
    / 2,000 times: a person is identified by a placeholder like null, .* 1 time: a property without a value was skipped\. $/,
  )
})

test('lines rejected: where they are, and how to send them after they are fixed', () => {
  const text = resultText(fileNamed('may 2024.jsonl'), REJECTED, PIPE)
  expect(text).toContain('may 2024.jsonl  done, 1 line rejected\n')
  expect(text).toContain(`  rejected lines /data/may 2024.jsonl.rejected.jsonl
  Fix "line" in each row, delete the rows that you do not want to send, then:
  npx km-import send '/data/may 2024.jsonl.rejected.jsonl'
`)
})

test.each(['superseded', 'gone'] as const)('a file that is %s: the same command sends it again', (state) => {
  const text = resultText(fileNamed('may.jsonl'), { ...DONE, state }, PIPE).replaceAll(/\s+/g, ' ')
  expect(text).toContain(
    'The file was changed while it was sent, after 3 lines. Run the same command to send it as it is now; Kissmetrics ignores repeats.',
  )
})

describe('messages', () => {
  // prettier-ignore
  test.each([
    [ 'a file that was already sent', alreadySentText(fileNamed('may.jsonl'), REJECTED),
      'may.jsonl was already sent on 2026-01-01 at 12:34 UTC (done, 1 line rejected). Use --again to send it again. ' ],
    [ 'Ctrl-C',                       stoppedText(fileNamed('may.jsonl'), { kind: 'interrupted', settled: 1_234 }),
      'Interrupted. 1,234 lines of may.jsonl are done. Run the same command to continue. ' ],
    [ 'a long outage',                stoppedText(fileNamed('may.jsonl'), { kind: 'given-up', settled: 0 }),
      'Stopped: the endpoint is down. 0 lines of may.jsonl are done. Run the same command to continue. ' ],
  ])('%s', (_what, text, message) => {
    expect(text.replaceAll(/\s+/g, ' ')).toBe(message)
  })

  test('fit 80 columns', () => {
    expect(wrappedText('word '.repeat(20).trim())).toBe(`${'word '.repeat(16).trim()}\nword word word word\n`)
  })
})
