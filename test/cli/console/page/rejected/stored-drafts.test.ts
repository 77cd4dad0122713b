import { describe, expect, test } from '@jest/globals'
import type { DraftLine } from '../../../../../cli/console/page/rejected/drafts.ts'
import { loadDrafts, storeDrafts, type DraftStorage } from '../../../../../cli/console/page/rejected/stored-drafts.ts'

const row = { id: 'a', line: '{"_p":"a"}' } as DraftLine['row']
const CHANGED: DraftLine = { row, text: '{"_p":"b"}' }
const UNCHANGED: DraftLine = { row, text: '{"_p":"a"}' }

/** @param room characters that fit */
function storage(room = Infinity): DraftStorage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => {
      if (value.length > room) throw new DOMException('full', 'QuotaExceededError')
      items.set(name, value)
    },
    removeItem: (name) => {
      items.delete(name)
    },
  }
}

describe('drafts', () => {
  test('survive a reload with their changes', () => {
    const kept = storage()
    expect(storeDrafts(kept, [CHANGED, UNCHANGED])).toBe(true)
    expect(loadDrafts(kept)).toEqual([CHANGED, UNCHANGED])
  })

  test('leave nothing behind once they are sent or undone', () => {
    const kept = storage()
    storeDrafts(kept, [CHANGED])
    storeDrafts(kept, [UNCHANGED])
    expect(kept.items.size).toBe(0)
  })

  test('that do not fit are reported, so that the page can ask before it closes', () => {
    expect(storeDrafts(storage(10), [CHANGED])).toBe(false)
  })

  test.each(['not JSON', '{}', 'null'])('are none if the storage has %s', (text) => {
    const kept = storage()
    kept.items.set('drafts/v1', text)
    expect(loadDrafts(kept)).toEqual([])
  })
})
