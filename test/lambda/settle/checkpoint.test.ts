import { describe, expect, test } from '@jest/globals'
import { reject } from '../../../lambda/reasons.ts'
import { beginCheckpoint, CHECKPOINT_SCHEMA, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'

const START = { line: 100, byte: 5_000 }
const REQUEST = { start: START, startedAt: '2026-01-02T00:00:00.000Z', hasCrashed: false, maxRepeats: 640, maxUnsaved: 20 }

const EARLIER: Checkpoint = {
  schema: CHECKPOINT_SCHEMA,
  watermark: { line: 150, byte: 9_000 },
  ended: [
    [152, 153],
    [156, 156],
  ],
  newest: 157,
  counts: { ...emptyCounts(), lines: { delivered: 53, rejected: 0, undeliverable: 0, blank: 0 } },
  isDone: false,
  bytes: 20_000,
  startedAt: '2026-01-01T00:00:00.000Z',
  invocations: 3,
  repeatsPossible: 10,
  repeatedTries: 4,
}

test('the first run begins where the segment begins, with nothing counted', () => {
  expect(beginCheckpoint(undefined, REQUEST)).toEqual({
    schema: CHECKPOINT_SCHEMA,
    watermark: START,
    ended: [],
    newest: 100,
    counts: emptyCounts(),
    isDone: false,
    bytes: 0,
    startedAt: '2026-01-02T00:00:00.000Z',
    invocations: 1,
    repeatsPossible: 0,
    repeatedTries: 0,
  })
})

test('a later run continues from the checkpoint of the run before', () => {
  expect(beginCheckpoint(EARLIER, REQUEST)).toMatchObject({
    watermark: EARLIER.watermark,
    ended: EARLIER.ended,
    counts: EARLIER.counts,
    bytes: 20_000,
    startedAt: '2026-01-01T00:00:00.000Z',
    invocations: 4,
  })
})

test('the reasons whose lines share a dead letter stay, also if a later run does not know the decision about the file', () => {
  const grouped = ['invalid_json'] as const
  expect(beginCheckpoint(undefined, { ...REQUEST, grouped })).toMatchObject({ grouped })
  expect(beginCheckpoint({ ...EARLIER, grouped }, REQUEST)).toMatchObject({ grouped })
  expect(beginCheckpoint(EARLIER, { ...REQUEST, grouped })).toMatchObject({ grouped })
  expect(beginCheckpoint(EARLIER, REQUEST)).not.toHaveProperty('grouped')
})

test('a replay of a rejected file begins without the failure', () => {
  const failed: Checkpoint = {
    ...EARLIER,
    isDone: true,
    failure: { kind: 'failed', rejection: reject('object_unreadable'), replays: 0 },
  }
  const checkpoint = beginCheckpoint(failed, REQUEST)
  expect(checkpoint.isDone).toBe(false)
  expect(checkpoint).not.toHaveProperty('failure')
})

describe('lines that may have been sent twice', () => {
  // prettier-ignore
  test.each<[string, Checkpoint | undefined, boolean, number]>([
    //  the run before                                  checkpoint   crashed   repeats possible
    [ 'does not exist',                                 undefined,   false,    0 ],
    [ 'left a checkpoint that cannot be parsed',        undefined,   true,     Number.MAX_SAFE_INTEGER ],
    [ 'ended: lines that have not ended',               EARLIER,     false,    10 + 4 ],
    [ 'crashed: as many as it may send unsaved',        EARLIER,     true,     10 + 640 ],
  ])('the run before %s', (_what, earlier, hasCrashed, repeatsPossible) => {
    expect(beginCheckpoint(earlier, { ...REQUEST, hasCrashed }).repeatsPossible).toBe(repeatsPossible)
  })
})
