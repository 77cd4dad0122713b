import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { widthOf } from '../../../../cli/terminal/layout.ts'
import { durationRange, previewText } from '../../../../cli/preview/text/text.ts'
import { jsonLines, surveyed, TIME } from '../surveyed.ts'
import { anyText } from '../../../support/any-text.ts'

const PIPE = { write: () => true }

test('a preview, in the order of importance', async () => {
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
2 lines of 9 would be rejected. The other 6 can be sent.

  lines                 9
  valid                 6  record 4, alias 2
  rejected              2
  blank                 1
  people                3  distinct identities in _p and _p2
  time to send   a few seconds, depending on Kissmetrics

2 lines would be rejected
  missing_identity                   1  line 8
    The person is missing
  timestamp_in_milliseconds          1  line 7
    \`_t\` looks like milliseconds
  docs/reasons.md explains how to fix each of them.

2 aliases, which cannot be undone
          1  person merged from several identities
          1  chain: more than two identities become one person
             3 identities, from line 5: "c", "a", "b"

Events
          2  signed up
          1  Signed up
          1  Paid: in cash
  Similar names, probably meant to be one:
    "signed up", "Signed up"  (one in Kissmetrics)
  Kissmetrics replaces commas and colons with spaces:
    "Paid: in cash" → "Paid  in cash"

Properties
          3  plan                    mixed types
                                     number 2: 5
                                     text 1: "pro"

Time
  2014-02-25 16:10:04 to 2014-02-25 17:10:04 UTC, lines by hour
  2014-02-25 16:00          4  ████████████████████████████████████████
  2014-02-25 17:00          2  ████████████████████
          1  look like milliseconds; seconds are needed (rejected)

Repeats, which Kissmetrics ignores
          1  event identical to an earlier one: counted once
             line 3
`)
})

describe('the second row says what can be sent', () => {
  const good = jsonLines([{ _p: 'a', _t: TIME, _n: 'x' }])
  // prettier-ignore
  test.each<[string, readonly string[], string]>([
    //  the files                 contents                   the second row
    [ 'all valid',                [good.repeat(2)],          '2 lines can be sent. No line would be rejected.' ],
    [ 'one not',                  [`${good}{}\n`],           '1 line of 2 would be rejected. The other 1 can be sent.' ],
    [ 'none valid',               ['{}\n{}\n'],              '2 lines of 2 would be rejected. No line can be sent.' ],
    [ 'empty',                    [''],                      'There are no lines to send.' ],
    [ 'no JSON lines',            ['a,b\n1,2\n3,4\n'],       'The file would be rejected. The file is not one JSON object per line (it looks' ],
    [ 'one of two no JSON lines', [good, 'a,b\n1,2\n3,4\n'], 'b would be rejected. The file is not one JSON object per line (it looks like' ],
  ])('%s', async (_what, files, row) => {
    const text = previewText(await surveyed(...files), PIPE)
    expect(text.split('\n')[1]).toBe(row)
  })
})

test('for any file, no row is wider than 80 columns, and no control character reaches the terminal', async () => {
  const text = fc.oneof(
    anyText({ maxLength: 90 }),
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

describe('how long sending takes, in words that do not pretend to know more', () => {
  // prettier-ignore
  test.each<[number, number, string]>([
    // fastest  slowest  text
    [       0,       0, 'a few seconds' ],
    [       1,       9, 'a few seconds' ],
    [       1,      10, 'a few seconds to 10 seconds' ],
    [      39,   3_585, '40 seconds to 1 hour' ],
    [      54,      55, '50 seconds to 1 minute' ],
    [      60,      80, 'about 1 minute' ],
    [     120,   7_200, '2 minutes to 2 hours' ],
    [  90_000, 400_000, '1 day to 5 days' ],
  ])('%d to %d seconds: %s', (fastestSeconds, slowestSeconds, text) => {
    expect(durationRange({ requests: 1, fastestSeconds, slowestSeconds })).toBe(text)
  })
})
