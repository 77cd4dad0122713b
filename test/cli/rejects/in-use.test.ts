import { describe, expect, test } from '@jest/globals'
import { countInUse, unseenText } from '../../../cli/rejects/in-use.ts'

describe('what others hold is what the queue has and the scan did not see', () => {
  // prettier-ignore
  test.each([
    //  while the scan ran                   before   after    seen    in use
    [ 'nothing happened',                    50_000,  50_000,  50_000, 0 ],
    [ 'another command held most of them',   50_000,  50_000,   2_330, 47_670 ],
    [ 'dead letters arrived',                   100,     130,     100, 0 ],
    [ 'another command removed some',           100,      40,      60, 0 ],
    [ 'the count of SQS lagged behind',          10,      10,      12, 0 ],
  ])('%s', (_what, before, after, seen, inUse) => {
    expect(countInUse(before, after, seen)).toBe(inUse)
  })
})

// prettier-ignore
test.each([
  [ { inUse: 0, isComplete: true },       undefined ],
  [ { inUse: 1, isComplete: false },      '1 more is in use; it reappears within 5 minutes.' ],
  [ { inUse: 47_670, isComplete: false }, '47,670 more are in use; they reappear within 5 minutes.' ],
  [ { inUse: 0, isComplete: false },      'There are more: one run reads at most 100,000 dead letters.' ],
])('%j: %s', (unseen, text) => {
  expect(unseenText(unseen)).toBe(text)
})
