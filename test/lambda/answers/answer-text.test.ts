import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { withTexts } from '../../../lambda/answers/answer-text.ts'
import type { AnswerFacts } from '../../../lambda/answers/file-answer.ts'
import { factsOf, missingFacts } from '../../../lambda/jobs/answer-facts.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { anyText } from '../../support/any-text.ts'

const AT = '2026-11-26T06:00:00.000Z'
const DONE: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'complete',
  file: { bucket: 'uploads', key: 'incoming/daily/march.jsonl', versionId: 'v1', bytes: 10_000_000 },
  lines: { total: 49_781, delivered: 49_781, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 49_781, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: '2026-11-26T05:59:00.000Z',
  finishedAt: AT,
  invocations: 1,
  repeatsPossible: 0,
}
const REJECTS = {
  ...DONE,
  state: 'complete-with-rejects',
  lines: { total: 49_781, delivered: 49_311, rejected: 468, undeliverable: 2, blank: 0 },
  rejects: { open: 470, fixed: 0, discarded: 0 },
  rejectedBy: {
    missing_identity: { count: 48, examples: [{ line: 3 }] },
    timestamp_in_milliseconds: { count: 420, examples: [{ line: 2 }] },
    endpoint_refused: { count: 2, examples: [{ line: 9 }] },
  },
} as unknown as Report
const HOLD = { rules: [{ rule: 'merged_people', detail: '3,001 people would be one' }], heldAt: AT } as const

const naming = { commandOptions: ' --stack Importer' }
const answerAbout = (report: Report, link?: string) =>
  withTexts(factsOf(report, { ...naming, ...(link !== undefined && { link }) })!)

describe('the subject and the next command of each state', () => {
  test.each<[string, Partial<Report>, string, string]>([
    ['complete', DONE, 'march.jsonl: done, 49,781 delivered', 'status incoming/daily/march.jsonl'],
    [
      'complete-with-rejects',
      REJECTS,
      'march.jsonl: done, 49,311 delivered, 468 rejected, 2 undeliverable',
      'rejects pull --key incoming/daily/march.jsonl -o rejects.jsonl',
    ],
    [
      'complete-with-rejects, some fixed',
      {
        ...REJECTS,
        rejectedBy: {},
        lines: { ...REJECTS.lines, undeliverable: 0 },
        rejects: { open: 20, fixed: 448, discarded: 0 },
      },
      'march.jsonl: done, 49,311 delivered, 468 rejected, 20 of them open',
      'rejects pull --key incoming/daily/march.jsonl -o rejects.jsonl',
    ],
    [
      'complete-after-fixing',
      { ...REJECTS, state: 'complete-after-fixing', rejects: { open: 0, fixed: 470, discarded: 0 } },
      'march.jsonl: all fixed, 0 lines open',
      'status incoming/daily/march.jsonl',
    ],
    [
      'held',
      { ...DONE, state: 'held', hold: HOLD },
      'march.jsonl: held, nothing was sent (many people would become one)',
      'release incoming/daily/march.jsonl',
    ],
    [
      'failed',
      { ...DONE, state: 'failed', failure: { reason: 'invalid_csv', detail: 'The column Identity is missing.' } },
      'march.jsonl: rejected, invalid csv',
      'status incoming/daily/march.jsonl',
    ],
    [
      'cancelled',
      { ...DONE, state: 'cancelled' },
      'march.jsonl: cancelled, 49,781 delivered until then',
      'cancel incoming/daily/march.jsonl -o sent.jsonl',
    ],
    [
      'discarded',
      { ...DONE, state: 'discarded' },
      'march.jsonl: discarded, nothing was sent',
      'status incoming/daily/march.jsonl',
    ],
    [
      'gone',
      { ...DONE, state: 'gone' },
      'march.jsonl: not imported, because it was deleted',
      'status incoming/daily/march.jsonl',
    ],
    [
      'superseded',
      { ...DONE, state: 'superseded' },
      'march.jsonl: not imported, because it was replaced',
      'status incoming/daily/march.jsonl',
    ],
    [
      'skipped',
      { ...DONE, state: 'skipped' },
      'march.jsonl: skipped, because it is not a file to import',
      'status incoming/daily/march.jsonl',
    ],
  ])('%s', (_name, report, subject, command) => {
    const answer = answerAbout({ ...DONE, ...report })
    expect(answer.subject).toBe(subject)
    expect(answer.commands).toContain(`npx km-import ${command} --stack Importer`)
    for (const each of answer.commands) expect(answer.text).toContain(`\n  ${each}\n`)
  })

  test('a file that did not come', () => {
    const expected = { bucket: 'uploads', prefix: 'incoming/daily/', since: '2026-11-25T06:00:00.000Z', until: AT }
    const answer = withTexts(missingFacts(expected, naming))
    expect(answer.subject).toBe('incoming/daily/: no file came since 2026-11-25 06:00 UTC')
    expect(answer.text).toContain('npx km-import status --stack Importer')
  })

  test('nothing is answered while the import runs', () => {
    expect(factsOf({ ...DONE, state: 'importing' }, naming)).toBeUndefined()
  })
})

test('the text for people', () => {
  expect(answerAbout(REJECTS, 'https://example.com/?file={key}&report={report}&x={y}').text).toBe(
    `march.jsonl: done, 49,311 delivered, 468 rejected, 2 undeliverable (mostly timestamp in milliseconds).

File:  s3://uploads/incoming/daily/march.jsonl
Lines: 49,781 (49,311 delivered, 468 rejected, 2 undeliverable, 0 blank)

- 420 lines: \`_t\` looks like milliseconds
- 48 lines: The person is missing
- 2 lines: Kissmetrics refused this line but accepted others

Fix the lines here:
  https://example.com/?file=incoming%2Fdaily%2Fmarch.jsonl&report=reports%2Fincoming%2Fdaily%2Fmarch.jsonl%2Fv1%2Freport.json&x={y}
  npx km-import rejects pull --key incoming/daily/march.jsonl -o rejects.jsonl --stack Importer
`,
  )
})

test('the id is the same for the same result, and another one for another result', () => {
  const id = (report: Partial<Report>) => answerAbout({ ...DONE, ...report }).id
  expect(id({})).toBe(id({ answered: { state: 'held', at: AT } }))
  const others = [{ state: 'held' }, { file: { ...DONE.file, versionId: 'v2' } }, { finishedAt: '2026-11-27T06:00:00.000Z' }]
  expect(new Set([{}, ...others].map((each) => id(each as Partial<Report>))).size).toBe(4)
})

test('whatever the name of a file, the subject is what SNS accepts, and the text stays on its lines', () => {
  const states = [DONE, REJECTS, { ...DONE, state: 'held', hold: HOLD } as Report]
  fc.assert(
    fc.property(anyText({ minLength: 1, maxLength: 300 }), fc.constantFrom(...states), (name, report) => {
      const key = `incoming/${name}`
      const { subject, text } = answerAbout({ ...report, file: { ...report.file, key } })
      expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/)
      expect(subject).toContain(': ')
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/)
      expect(text.split('\n')).toHaveLength(answerAbout(report).text.split('\n').length)
    }),
  )
})

test('an answer contains no line numbers, examples or texts of lines', () => {
  const answer: Partial<AnswerFacts> = answerAbout(REJECTS)
  expect(JSON.stringify(answer)).not.toContain('examples')
})
