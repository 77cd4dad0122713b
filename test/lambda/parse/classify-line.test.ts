import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { classifyLine } from '../../../lambda/parse/classify-line.ts'
import { toEntry, type Entry } from '../../../lambda/parse/entry.ts'
import { TIME } from '../../cli/preview/surveyed.ts'

// Except for the requests, which are not built for short lines, the result is the same as in an import.

const RULES = { latestTime: TIME + 86_400 }

function expectSame(text: string): void {
  const line = { number: 1, byteStart: 0, byteEnd: Buffer.byteLength(text), text }
  expect(withoutRequests(classifyLine(line, RULES))).toEqual(withoutRequests(toEntry(line, RULES, 'k'.repeat(40))))
}

function withoutRequests(entry: Entry): unknown {
  return entry.kind === 'ready' ? { ...entry, requests: [] } : entry
}

test('for the lines of the example with every reason', () => {
  for (const text of readFileSync(new URL('../../../examples/every-reason.jsonl', import.meta.url), 'utf8').split('\n'))
    expectSame(text)
})

test('for any line', () => {
  const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.boolean(), fc.constant(null))
  const object = fc.record(
    { _p: value, _t: fc.constantFrom(TIME, '1', null), _n: value, _p2: value, a: value, b: value },
    { requiredKeys: ['_p'] },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        object.map((members) => JSON.stringify(members)),
      ),
      (text) => {
        expectSame(text)
      },
    ),
  )
})

test('for the characters with the longest requests, at every length around the limit', () => {
  for (let length = 6_000; length < 8_000; length += 25) {
    const values = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, '無'.repeat(length / 4)]))
    expectSame(JSON.stringify({ _p: 'p', _t: TIME, ...values }))
  }
})
