import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { REASONS } from '../../../../lambda/reasons.ts'
import { jsonLines, surveyed, TIME, type Members } from '../surveyed.ts'

const GOOD = jsonLines([{ _p: 'a', _t: TIME, _n: 'Joined' }])
const EXAMPLES = new URL('../../../../examples/', import.meta.url)

test('every line of a file is valid, rejected or blank', async () => {
  const { lines, commands, files } = await surveyed(
    `${jsonLines([
      { _p: 'a', _t: TIME, _n: 'Joined', plan: 'pro' },
      { _p: 'a', _t: TIME, plan: 'pro' },
      { _p: 'a', _t: TIME, _p2: 'b' },
      { _p: 'a', _t: TIME, _n: 'Joined again', _p2: 'c' },
    ])}\n  \n{}\n{"_p"\n`,
    GOOD,
  )
  expect(lines).toEqual({ total: 9, valid: 5, rejected: 2, blank: 2 })
  expect(commands).toEqual({ record: 3, set: 1, alias: 2 })
  expect(files).toEqual([
    { name: 'a', lines: 8 },
    { name: 'b', lines: 1 },
  ])
})

test('rejected lines are listed by reason, with file and number, the most frequent reason first', async () => {
  const { rejectedBy } = await surveyed(`${GOOD}{}\n`, `\n[]\n${GOOD}{"_p":"a"}\n{}\n`)
  expect(Object.entries(rejectedBy).map(([reason, { count, examples }]) => [reason, count, examples])).toEqual([
    [
      'missing_identity',
      2,
      [
        { file: 'a', line: 2, detail: expect.stringContaining('The person is missing') },
        { file: 'b', line: 5, detail: expect.stringContaining('The person is missing') },
      ],
    ],
    ['not_an_object', 1, [{ file: 'b', line: 2, detail: expect.stringContaining('it is a list') }]],
    ['missing_timestamp', 1, [{ file: 'b', line: 4, detail: expect.stringContaining('The time is missing') }]],
  ])
})

test('at most twenty lines are kept for each reason', async () => {
  const { rejectedBy } = await surveyed(GOOD + '{}\n'.repeat(5_000))
  expect(rejectedBy.missing_identity?.count).toBe(5_000)
  expect(rejectedBy.missing_identity?.examples.map(({ line }) => line)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 2),
  )
})

test('the example with every reason has every reason', async () => {
  const { rejectedBy } = await surveyed(readFileSync(new URL('every-reason.jsonl', EXAMPLES)))
  const reasons = Object.entries(REASONS).filter(([, { level }]) => level === 'line')
  expect(Object.keys(rejectedBy).toSorted()).toEqual(reasons.map(([reason]) => reason).toSorted())
})

describe('a file that an import would reject is refused', () => {
  const compressed = gzipSync(GOOD.repeat(50_000))
  // prettier-ignore
  test.each<[string, string | Buffer, string, number]>([
    //  the file                 its content                                        the reason                  lines before
    [ 'a table',                 'person,time,event\na,1,b\na,2,c\n',               'not_line_delimited_json',  0 ],
    [ 'a list over lines',       '[\n{\n"_p":"a"\n}\n]\n',                 'not_line_delimited_json',  0 ],
    [ 'nothing but text',        'hello\n'.repeat(2_000),                           'not_line_delimited_json',  0 ],
    [ 'an archive',              Buffer.from('Rar!\u001a\u0007\u0001'),              'unsupported_format',       0 ],
    [ 'a zip archive that is cut off', Buffer.from('PK\u0003\u0004...'),            'object_unreadable',        0 ],
    [ 'gzip inside of gzip',     gzipSync(gzipSync(GOOD)),                          'unsupported_format',       0 ],
    [ 'gzip that is cut off',    compressed.subarray(0, compressed.length - 20),            'object_unreadable',        49_999 ],
  ])('%s', async (_what, content, reason, linesBefore) => {
    const { refused, lines } = await surveyed(GOOD, content, GOOD)
    expect(refused).toEqual([{ file: 'b', reason, detail: expect.any(String) }])
    expect(lines.total).toBeGreaterThanOrEqual(linesBefore === 0 ? 2 : 3)
    expect(lines.total).toBeLessThanOrEqual(linesBefore + 2)
    expect(lines.valid).toBe(lines.total)
  })
})

test('gzip and a byte order mark make no difference', async () => {
  const content = `${GOOD}{}\n`
  const plain = await surveyed(content)
  expect(await surveyed(gzipSync(content))).toEqual(plain)
  expect(await surveyed(`\ufeff${content}`)).toEqual(plain)
})

test('an empty file is valid', async () => {
  const { lines, refused, time, estimate } = await surveyed('')
  expect({ lines, refused, time, estimate }).toEqual({
    lines: { total: 0, valid: 0, rejected: 0, blank: 0 },
    refused: [],
    time: undefined,
    estimate: { requests: 0, fastestSeconds: 0, slowestSeconds: 0 },
  })
})

describe('people are counted as Kissmetrics distinguishes them', () => {
  const line = (_p: string, _p2?: string): Members => ({ _p, _t: TIME, _n: 'x', ...(_p2 !== undefined && { _p2 }) })
  // prettier-ignore
  test.each<[string, readonly Members[], number, number]>([
    //  the lines                     are                                             people   with changed identities
    [ 'twice the same',               [line('a'), line('a')],                         1,       0 ],
    [ 'another one',                  [line('a'), line('b')],                         2,       0 ],
    [ 'capitals count',               [line('a'), line('A')],                         2,       0 ],
    [ 'another identity',             [line('a', 'b'), line('b', 'c')],               3,       0 ],
    [ 'commas and colons do not',     [line('a b'), line('a,b'), line('a:b')],        1,       2 ],
    [ 'neither in the other one',     [line('a b', 'c:d'), line('c d')],              2,       1 ],
    [ 'a line counts once',           [line('a,b', 'c:d')],                           2,       1 ],
  ])('%s', async (_what, lines, people, changedLines) => {
    const { identities } = await surveyed(jsonLines(lines))
    expect(identities).toMatchObject({ count: people, isExact: true, changedLines })
  })
})

test('properties have the types of their values, and the number of long texts', async () => {
  const values = [1, '2', 2.5, 'three', true, 'x'.repeat(513), 'four', 'five', 'six']
  const { properties } = await surveyed(jsonLines(values.map((amount, index) => ({ _p: 'a', _t: TIME + index, amount }))))
  expect(properties.list).toEqual([
    {
      name: 'amount',
      count: 9,
      longValues: 1,
      types: {
        text: { count: 5, examples: ['three', `${'x'.repeat(60)}…`, 'four'] },
        number: { count: 3, examples: ['1', '2', '2.5'] },
        boolean: { count: 1, examples: ['true'] },
      },
    },
  ])
})

test('names that Kissmetrics changes have their new name', async () => {
  const { events } = await surveyed(jsonLines([{ _p: 'a', _t: TIME, _n: 'Bought: shoes, red' }]))
  expect(events.list).toEqual([{ name: 'Bought: shoes, red', count: 1, becomes: 'Bought  shoes  red' }])
})

test('names beyond the limit are only counted', async () => {
  const { events } = await surveyed(
    jsonLines(Array.from({ length: 6_000 }, (_, index) => ({ _p: 'a', _t: TIME, _n: `Viewed ${index}` }))),
  )
  expect(events).toMatchObject({ names: 5_000, isComplete: false, otherUses: 1_000 })
  expect(events.list).toHaveLength(5_000)
})

test('the estimate reaches from the importer’s highest rate to the 50,000 an hour of Kissmetrics’ SQL importer', async () => {
  const { estimate } = await surveyed(
    jsonLines(Array.from({ length: 1_280 }, (_, index) => ({ _p: 'a', _t: TIME + index, _n: 'x' }))),
  )
  expect(estimate).toEqual({ requests: 1_280, fastestSeconds: 1, slowestSeconds: 93 })
})
