import { describe, expect, test } from '@jest/globals'
import { validateRows } from '../../../cli/rejects/replay.ts'
import { groupResultText, resultText, validationText } from '../../../cli/rejects/replay-text.ts'
import type { Row } from '../../../cli/rejects/row.ts'
import { deadLetterOf } from './fixtures.ts'

const VALID = '{"_p":"a","_t":1393344604,"_n":"x"}'
const row = (number: number, line: string | undefined, isPatched = false, isGroup = false): Row => ({
  ...{ number, id: `m-${number}`, line, isPatched, isGroup },
})

const NO_RULES = () => undefined

describe('the rows of a pulled file', () => {
  const validated = validateRows(
    [row(1, VALID), row(2, '{"_p":"a"}'), row(3, undefined), row(4, VALID.replace('x', '\ufffd'), true)],
    NO_RULES,
  )

  test('are valid, rejected, or about a whole file', () => {
    expect(validated.valid).toEqual([{ id: 'm-1', line: VALID }])
    expect(validated.rejected.map(({ row: { number }, rejection }) => [number, rejection.reason])).toEqual([
      [2, 'missing_timestamp'],
      [4, 'invalid_encoding'],
    ])
    expect(validated.files).toBe(1)
  })

  test('are shown before the user confirms', () => {
    expect(validationText('r.jsonl', validated, '')).toMatch(
      /^r\.jsonl: 1 line can be sent, 2 would be rejected again\.\n {2}line 2: missing_timestamp: .*\n {2}line 4: invalid_encoding: .*\n {2}1 row about a whole file: fix that file and import it again\n$/,
    )
  })

  test.each([undefined, VALID])('about many lines of a file are not sent, and the user reads what to do: %s', (line) => {
    const some = validateRows([row(1, VALID), row(2, line, false, true)], NO_RULES)
    expect([some.valid.map(({ id }) => id), some.groups, some.files]).toEqual([['m-1'], 1, 0])
    const known = validateRows([row(2, VALID)], () => deadLetterOf('', { kind: 'group' }))
    expect([known.valid, known.groups]).toEqual([[], 1])
    expect(validationText('r.jsonl', some, ' --stack Prod')).toMatch(
      /1 row about many lines .*at the source.*new file.*rejects discard --reason REASON --key FILE --stack Prod\n$/,
    )
  })

  test('that were made of one dead letter are sent together, or not at all', () => {
    const rows = [row(1, VALID), { ...row(2, VALID), id: 'split' }, { ...row(3, '{}'), id: 'split' }]
    const some = validateRows(rows, NO_RULES)
    expect([some.valid.map(({ id }) => id), some.waiting, some.rejected.length]).toEqual([['m-1'], 1, 1])
    expect(validationText('r.jsonl', some, '')).toMatch(
      /^r\.jsonl: 1 line can be sent, 1 would be rejected again\.\n {2}line 3: .*\n {2}1 valid line waits for another line with the same "id" that would be rejected\n$/,
    )
    const fixed = validateRows(
      rows.map((one) => ({ ...one, line: VALID })),
      NO_RULES,
    )
    expect([fixed.valid.map(({ id }) => id), fixed.waiting]).toEqual([['m-1', 'split', 'split'], 0])
  })

  test('are validated with the import rules of their files, as they are sent', () => {
    const milliseconds = VALID.replace('1393344604', '1393344604000')
    const deadLetters = new Map([
      ['m-1', deadLetterOf('{}', { rules: [{ fix: 'ms-timestamps' }] })],
      ['m-2', deadLetterOf('{}')],
      ['m-3', deadLetterOf('{}', { rules: [{ fix: 'drop:_n', lines: 'all' }] })],
    ])
    const { valid, rejected } = validateRows([row(1, milliseconds), row(2, milliseconds), row(3, VALID)], (id) =>
      deadLetters.get(id),
    )
    expect(valid).toEqual([{ id: 'm-1', line: milliseconds }])
    expect(rejected.map(({ row: { id } }) => id)).toEqual(['m-2', 'm-3'])
  })

  test('are shown up to the twentieth rejected one', () => {
    const text = validationText(
      'r.jsonl',
      validateRows(
        Array.from({ length: 23 }, (_, index) => row(index + 1, '{}')),
        NO_RULES,
      ),
      ' --stack Prod',
    )
    expect(text.split('\n').slice(-4)).toEqual([
      expect.stringMatching(/^ {2}line 20: /),
      '  and 3 more',
      'Nothing was sent. Fix "line" in these rows. Then run: npx km-import rejects replay r.jsonl --stack Prod',
      '',
    ])
  })

  test('of which none has a line say that nothing was sent', () => {
    const text = validationText('r.jsonl', validateRows([row(1, undefined)], NO_RULES), '')
    expect(text).toMatch(/about a whole file: .*\nNothing was sent\.\n$/)
  })
})

describe('the result says what was done, and what to do next', () => {
  // prettier-ignore
  test.each([
    //  what                     key                 lines  before  missing  text
    ['all uploaded',             'incoming/r.json',  28,    0,      0,       '28 lines uploaded as incoming/r.json\nWatch the import:\n  npx km-import status incoming/r.json --stack Prod\n'],
    ['all uploaded before',      undefined,          0,     1,      0,       '1 line had been uploaded by an earlier run of this replay. Only its dead letter was removed now.\n'],
    ['dead letters not found',   undefined,          0,     0,      2,       '2 lines not sent, because their dead letters were not found. They were replayed before, or another command is reading them: try again in 5 minutes.\n'],
    ['nothing to do',            undefined,          0,     0,      0,       ''],
  ])('%s', (_what, key, lines, uploadedBefore, missing, text) => {
    expect(resultText({ key, lines, uploadedBefore, missing }, ' --stack Prod')).toBe(text)
  })
})

test('the result of lines that share a dead letter says whether it stays', () => {
  const some = { keys: ['incoming/replays/r.json'], lines: 3, missing: 1, removed: 0 }
  expect(groupResultText(some, ' --stack Prod')).toMatch(
    /^3 lines uploaded as incoming\/replays\/r\.json\n1 line not sent: [^]*pull again[^]*\nThe dead letter stays [^]*\nWatch the import: npx km-import status incoming\/replays\/r\.json --stack Prod\n$/,
  )
  expect(groupResultText({ ...some, missing: 0, removed: 1 }, '')).toContain(
    '\nAll lines that shared a dead letter are sent, so it was removed.\n',
  )
  expect(groupResultText({ keys: [], lines: 0, missing: 2, removed: 0 }, '')).toMatch(/^2 lines not sent: [^\n]*\n$/)
})
