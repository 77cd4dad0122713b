import { expect, test } from '@jest/globals'
import { CountedOnce } from '../../../lambda/parse/counted-once.ts'
import { toEntries, toEntry } from '../../../lambda/parse/entry.ts'
import type { Line } from '../../../lambda/read/lines.ts'

const RULES = { latestTime: 2_000_000_000 }

function lineOf(text: string, extra: Partial<Line> = {}): Line {
  return { number: 1, byteStart: 0, byteEnd: text.length, text, ...extra }
}

// prettier-ignore
test.each<[string, Line, object]>([
  //  a line that is           line                                                                            becomes
  [ 'valid',                   lineOf('{"_p":"a","_t":1393344604,"_n":"x"}'),                                  { kind: 'ready', requests: [{ path: expect.stringContaining('_k=k') as unknown }] } ],
  [ 'an event and an alias',   lineOf('{"_p":"a","_p2":"b","_t":1393344604,"_n":"x"}'),                        { kind: 'ready', requests: [{}, {}] } ],
  [ 'blank',                   lineOf(' \t'),                                                                  { kind: 'blank' } ],
  [ 'wrong',                   lineOf('{"_p":"a","_n":"x"}'),                                                  { kind: 'rejected', rejection: { reason: 'missing_timestamp' } } ],
  [ 'too long to be read',     lineOf('', { fault: { reason: 'line_too_long', bytes: Buffer.from('{') } }),    { kind: 'rejected', rejection: { reason: 'line_too_long' } } ],
  [ 'not UTF-8',               lineOf('', { fault: { reason: 'invalid_encoding', bytes: Buffer.from([255]) } }), { kind: 'rejected', rejection: { reason: 'invalid_encoding' } } ],
])('%s', (_what, line, entry) => {
  expect(toEntry(line, RULES, 'k')).toMatchObject({ ...entry, line })
})

test('lines are parsed one by one, when they are needed', () => {
  let reads = 0
  const lines = [1, 2, 3].map((number) => ({
    ...lineOf(''),
    number,
    get text() {
      reads += 1
      return ''
    },
  }))
  const entries = toEntries(lines, RULES, 'k')
  expect(reads).toBe(0)
  entries.next()
  expect(reads).toBe(1)
})

test('a line that is counted as one with an earlier line gets a warning', () => {
  const event = '{"_p":"bob","_t":1393344604,"_n":"Purchased","price":10}'
  const lines = [event, 'no JSON', '', event].map((text) => lineOf(text))
  const warnings = [...toEntries(lines, RULES, 'k', new CountedOnce())].map((entry) =>
    entry.kind === 'ready' ? entry.parsed.warnings : entry.kind,
  )
  expect(warnings).toEqual([[], 'rejected', 'blank', ['counted_once']])
})
