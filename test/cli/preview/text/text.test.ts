import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fitted, listed, padded, widthOf, wrapped } from '../../../../cli/terminal/layout.ts'
import { previewText } from '../../../../cli/preview/text/text.ts'
import { jsonLines, surveyed, TIME } from '../surveyed.ts'

const PIPE = { write: () => true }

test('a preview begins with what matters most', async () => {
  const summary = await surveyed(
    `${jsonLines([
      { _p: 'a', _t: TIME, _n: 'Signed up', plan: 'pro' },
      { _p: 'b', _t: TIME + 3_600, _n: 'signed up', plan: 5 },
      { _p: 'b', _t: TIME + 3_600, _n: 'signed up', plan: 5 },
      { _p: 'b', _t: TIME, _n: 'Paid: in cash' },
      { _p: 'a', _t: TIME, _p2: 'c' },
      { _p: 'b', _t: TIME, _p2: 'c' },
      { _p: 'b', _t: TIME * 1000, _n: 'late' },
    ])}{}\n\n`,
  )
  expect(previewText(summary, PIPE)).toBe(`a
2 lines of 9 would come back. The other 6 can be sent.

  lines                 9
  to be sent            6  record 4, alias 2
  rejected              2
  blank                 1
  people                3  different identities, in _p and _p2
  time to send   about 1 minute, as fast as Kissmetrics takes them

Rejected: 2 lines would come back
  missing_identity                   1  line 8
    The person is missing
  timestamp_in_milliseconds          1  line 7
    \`_t\` looks like milliseconds
  docs/reasons.md tells how each is mended.

Aliases: 2, none of which can be undone
          1  person, who is made of several identities
          1  chain: more than two identities become one person
             3 in one, from line 5: "c", "a", "b"

Events
          2  signed up
          1  Signed up
          1  Paid: in cash
  Near-twins: was one name meant?
    "signed up", "Signed up"  (one at Kissmetrics)
  Kissmetrics will put spaces for commas and colons:
    "Paid: in cash" → "Paid  in cash"

Properties
          3  plan                    mixed kinds of values
                                     number 2: 5
                                     text 1: "pro"

Time
  2014-02-25 16:10:04 to 2014-02-25 17:10:04 UTC, lines by hour
  2014-02-25 16:00          4  ████████████████████████████████████████
  2014-02-25 17:00          2  ████████████████████
          1  look like milliseconds; seconds are needed (rejected)

Repeats: what Kissmetrics has already, it drops
          1  events like an earlier one in all: counted once
             line 3
`)
})

describe('the first words say whether it can be sent', () => {
  const good = jsonLines([{ _p: 'a', _t: TIME, _n: 'x' }])
  // prettier-ignore
  test.each<[string, readonly string[], string]>([
    //  the files                 contents                   the second row
    [ 'all valid',                [good.repeat(2)],          'All can be sent: 2 lines.' ],
    [ 'one not',                  [`${good}{}\n`],           '1 line of 2 would come back. The other 1 can be sent.' ],
    [ 'none valid',               ['{}\n{}\n'],              '2 lines of 2 would come back. None can be sent.' ],
    [ 'empty',                    [''],                      'There is nothing to send.' ],
    [ 'no JSON lines',            ['a,b\n1,2\n3,4\n'],       'It would come back as a whole. The file is not one JSON object per line (it' ],
    [ 'one of two no JSON lines', [good, 'a,b\n1,2\n3,4\n'], 'b would come back as a whole. The file is not one JSON object per line (it looks' ],
  ])('%s', async (_what, files, row) => {
    const text = previewText(await surveyed(...files), PIPE)
    expect(text.split('\n')[1]).toBe(row)
  })
})

test('whatever the file holds, no row is wider than 80 columns, and nothing in it reaches the terminal', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 90 }),
    fc.string({ unit: fc.constantFrom('東', 'e\u0301', '\u001b[2J', '\u202e', '🎁', 'a', ' ', ':', '"'), maxLength: 60 }),
  )
  const line = fc.record({
    _p: fc.oneof(fc.constantFrom('a', 'b', 'c'), text),
    _t: fc.oneof(fc.constant(TIME), fc.integer({ min: 0, max: 2_000_000_000 }), fc.constant(TIME * 1000)),
    _n: fc.option(text, { nil: undefined }),
    _p2: fc.option(fc.oneof(fc.constantFrom('a', 'b', 'c'), text), { nil: undefined }),
    x: fc.option(fc.oneof(text, fc.integer()), { nil: undefined }),
    more: fc.dictionary(text, fc.oneof(text, fc.double(), fc.boolean()), { maxKeys: 3 }),
  })
  const file = fc
    .array(line, { maxLength: 60 })
    .map((lines) => jsonLines(lines.map(({ more, ...rest }) => ({ ...more, ...rest }))))
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 2 }), async (files) => {
      const shown = previewText(await surveyed(...files), PIPE)
      expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
      for (const row of shown.split('\n')) expect(widthOf(row)).toBeLessThanOrEqual(80)
    }),
    { numRuns: 60 },
  )
})

test('large numbers fit', async () => {
  const summary = await surveyed(jsonLines([{ _p: 'a', _t: TIME, _n: 'x', y: 1 }]), '{}\n')
  const many = 99_999_999
  const lines = Array.from({ length: 20 }, (_, index) => ({
    file: `exports/${'long'.repeat(20)}.jsonl`,
    line: many - index,
    detail: 'd',
  }))
  const text = previewText(
    {
      ...summary,
      lines: { total: many, valid: many, rejected: many, blank: many },
      commands: { record: many, set: many, alias: many },
      rejectedBy: { timestamp_in_milliseconds: { count: many, examples: lines } },
      repeats: { ...summary.repeats, events: many, examples: { ...summary.repeats.examples, events: lines }, isComplete: false },
    },
    PIPE,
  )
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80)
})

describe('texts are cut to columns', () => {
  // prettier-ignore
  test.each([
    //  text          columns   fitted       padded
    [ 'abc',          3,        'abc',       'abc' ],
    [ 'abcd',         3,        'ab…',       'ab…' ],
    [ '東京',         4,        '東京',      '東京' ],
    [ '東京都',       5,        '東京…',     '東京…' ],
    [ '東京都',       4,        '東…',       '東… ' ],
    [ 'e\u0301e',     2,        'e\u0301e',  'e\u0301e' ],
    [ '\u001b[2J',    9,        '\\u001b[2J', '\\u001b[2J' ],
  ])('%j in %i', (text, columns, short, full) => {
    expect([fitted(text, columns), padded(text, columns)]).toEqual([short, full])
  })

  // prettier-ignore
  test.each<[readonly string[], boolean, string]>([
    [ ['a', 'b'],                 true,   'a, b' ],
    [ ['a', 'b'],                 false,  'a, b, …' ],
    [ ['abc', 'def', 'ghi'],      true,   'abc, …' ],
    [ ['abcd', 'efgh'],           true,   'abcd, efgh' ],
    [ ['abcdefghijklm', 'n'],     true,   'abcdefghi…' ],
    [ [],                         true,   '' ],
  ])('%j, all: %j', (texts, isAll, list) => {
    expect(listed(texts, 10, isAll)).toBe(list)
  })

  test('a sentence goes on in the next row', () => {
    expect(wrapped(`${'word '.repeat(16)}end`)).toEqual([`  ${'word '.repeat(15)}word`.slice(0, 76), '  word end'])
  })
})
