import { beforeEach, describe, expect, test } from '@jest/globals'
import type { RejectedRow } from '../../../../../cli/console/api-types.ts'
import {
  addDrafts,
  draftCount,
  drafts,
  editDraft,
  fixAllDrafts,
  hasUnsentChanges,
  isChanged,
  removeDraft,
  removeSent,
  undoAllChanges,
  undoChanges,
} from '../../../../../cli/console/page/rejected/drafts.ts'

const MILLISECONDS = '{"_p":"bob","_t":1393344604000,"_n":"Paid"}'

function row(id: string, line = MILLISECONDS, changes: Partial<RejectedRow> = {}): RejectedRow {
  return {
    id,
    kind: 'line',
    reason: 'timestamp_in_milliseconds',
    detail: '',
    key: 'incoming/a.json',
    line,
    hasInvalidBytes: false,
    isTruncated: false,
    replays: 0,
    failedAt: '2026-05-01T12:00:00Z',
    status: 'queued',
    ...changes,
  }
}

const texts = () => drafts.value.map(({ row: { id }, text }) => `${id} ${text}`)

beforeEach(() => {
  drafts.value = []
})

describe('drafts', () => {
  test('keep an edited line when other lines are selected, until the edit is undone', () => {
    addDrafts([row('a', '1'), row('b', '2')])
    editDraft('a', '1 fixed')
    addDrafts([row('a', '1'), row('c', '3')])
    expect(texts()).toEqual(['a 1 fixed', 'c 3'])
    expect(hasUnsentChanges()).toBe(true)
    undoChanges('a')
    expect(hasUnsentChanges()).toBe(false)
  })

  test('lose all edits when all changes are undone', () => {
    addDrafts([row('a', '1'), row('b', '2')])
    editDraft('a', 'x')
    editDraft('b', 'y')
    undoAllChanges()
    expect(texts()).toEqual(['a 1', 'b 2'])
  })

  test('do not include a line that is only partly stored', () => {
    addDrafts([row('a', '1', { isTruncated: true }), row('b', '2')])
    expect(texts()).toEqual(['b 2'])
  })

  test('can be fixed all the same way; the result says how many changed', () => {
    addDrafts([row('a'), row('b', '{"_p":"bob","_t":1}')])
    expect(fixAllDrafts(['ms-timestamps'])).toBe(1)
    expect(drafts.value.map(isChanged)).toEqual([true, false])
  })

  test('are removed one by one', () => {
    addDrafts([row('a', '1'), row('b', '2')])
    removeDraft('a')
    expect([texts(), draftCount.value]).toEqual([['b 2'], 1])
  })

  test('are removed when they were sent; a refused line stays with the reason, and the others stay unchanged', () => {
    addDrafts([row('a'), row('b'), row('c')])
    removeSent(new Set(['a', 'b']), {
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
})
