import { beforeEach, describe, expect, test } from '@jest/globals'
import type { RejectedRow } from '../../../../../cli/console/api-types.ts'
import {
  clearSent,
  drafts,
  fixAll,
  hasUnsentChanges,
  isChanged,
  lay,
  undo,
  verdictOf,
  write,
} from '../../../../../cli/console/page/rejected/drafts.ts'
import { onOneLine } from '../../../../../cli/rejects/validate.ts'

const EARLY = '{"_p":"bob","_t":1393344604000,"_n":"Paid"}'

function row(id: string, line = EARLY, changes: Partial<RejectedRow> = {}): RejectedRow {
  return {
    id,
    kind: 'line',
    reason: 'timestamp_in_milliseconds',
    detail: '',
    key: 'incoming/a.json',
    line,
    isPatched: false,
    isCut: false,
    replays: 0,
    failedAt: '2026-05-01T12:00:00Z',
    status: 'queued',
    ...changes,
  }
}

const shown = () => drafts.value.map(({ row: { id }, text }) => `${id} ${text}`)

beforeEach(() => {
  drafts.value = []
})

describe('the desk', () => {
  test('keeps what was written when other lines are laid on it, until it is undone', () => {
    lay([row('a', '1'), row('b', '2')])
    write('a', '1 mended')
    lay([row('a', '1'), row('c', '3')])
    expect(shown()).toEqual(['a 1 mended', 'c 3'])
    expect(hasUnsentChanges()).toBe(true)
    undo('a')
    expect(hasUnsentChanges()).toBe(false)
  })

  test('takes no line of which only a part is there', () => {
    lay([row('a', '1', { isCut: true }), row('b', '2')])
    expect(shown()).toEqual(['b 2'])
  })

  test('has all of its lines fixed at once, and tells how many changed', () => {
    lay([row('a'), row('b', '{"_p":"bob","_t":1}')])
    expect(fixAll('ms-timestamps')).toBe(1)
    expect(drafts.value.map((line) => [isChanged(line), verdictOf(line)?.reason])).toEqual([
      [true, undefined],
      [false, 'timestamp_before_2009'],
    ])
  })

  test('is rid of what was sent; what the console refused stays, with its reason, and the rest as it is', () => {
    lay([row('a'), row('b'), row('c')])
    clearSent(new Set(['a', 'b']), {
      lines: 1,
      sentBefore: 0,
      missing: 0,
      refused: [{ id: 'b', reason: 'invalid_json', detail: 'no' }],
    })
    expect(drafts.value.map(({ row: { id }, refusal }) => [id, refusal])).toEqual([
      ['b', 'no'],
      ['c', undefined],
    ])
  })

  test('wants what was no text written anew', () => {
    lay([row('a', '{"_p":"b\ufffdb","_t":1393344604,"_n":"x"}', { isPatched: true })])
    expect(drafts.value.map((line) => verdictOf(line)?.reason)).toEqual(['invalid_encoding'])
    write('a', '{"_p":"béb","_t":1393344604,"_n":"x"}')
    expect(drafts.value.map(verdictOf)).toEqual([undefined])
  })
})

test('a line end that was typed is a space in what is sent', () => {
  expect(onOneLine('  {"a":1,\r\n\n "b":2}\n')).toBe('{"a":1,  "b":2}')
})
