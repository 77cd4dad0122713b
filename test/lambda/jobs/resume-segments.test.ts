import { expect, test } from '@jest/globals'
import { newTask, type Segment } from '../../../lambda/intake/task.ts'
import { resumeSegments, staleSince } from '../../../lambda/jobs/resume-segments.ts'
import type { Leased } from '../../../lambda/ports.ts'
import { STALE_MS } from '../../../lambda/report/report.ts'
import { beginCheckpoint, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const NOW = Date.parse('2026-01-02T00:00:00Z')
const ago = (ms: number): Date => new Date(NOW - ms)

// prettier-ignore
test.each<[string, number, number | undefined, boolean, number | undefined]>([
  //                                              plan started      report written   found by search   stale since
  [ 'an import with news is not stale',           STALE_MS * 9,     STALE_MS - 1,    false,            undefined ],
  [ 'one without news for half an hour is',       STALE_MS * 9,     STALE_MS,        false,            STALE_MS ],
  [ 'one that was split just now is not',         STALE_MS - 1,     undefined,       false,            undefined ],
  [ 'one that has no report since it was split',  STALE_MS,         undefined,       false,            STALE_MS ],
  [ 'one that a search has found is, at once',    STALE_MS * 9,     1_000,           true,             1_000 ],
])('%s', (_what, startedMs, writtenMs, foundBySearch, sinceMs) => {
  const plan: SplitPlan = { schema: SPLIT_PLAN_SCHEMA, bytes: 1, segments: [], isComplete: true, startedAt: ago(startedMs).toISOString(), invocations: 1 } // prettier-ignore
  const task = foundBySearch ? { ...newTask(FILE), foundBySearch } : newTask(FILE)
  const found = writtenMs === undefined ? undefined : { writtenAt: ago(writtenMs) }
  expect(staleSince(plan, found, task, NOW)).toEqual(sinceMs === undefined ? undefined : ago(sinceMs))
})

const SEGMENT: Segment = { index: 3, byteStart: 50, byteEnd: 80, firstLine: 6, lines: 3 }

// prettier-ignore
test.each<[string, ((now: number) => Partial<Leased<Checkpoint>>) | undefined, number | undefined]>([
  //  its segment                            checkpoint                                                                            is queued again from line
  [ 'has not started',                       undefined,                                                                            5 ],
  [ 'was interrupted',                       () => ({ watermark: { line: 7, byte: 60 } }),                                         7 ],
  [ 'was being imported when its run died',  (now) => ({ leaseHolder: { run: 'r', serial: 1, until: now } }),                      5 ],
  [ 'is being imported',                     (now) => ({ leaseHolder: { run: 'r', serial: 1, until: now + 1 } }),                  undefined ],
  [ 'is done',                               () => ({ isDone: true }),                                                             undefined ],
])('a stale import whose segment %s', async (_what, extra, reached) => {
  const cloud = new MemoryCloud()
  const empty = beginCheckpoint(undefined, { start: { line: 5, byte: 50 }, startedAt: '', hasCrashed: false, maxRepeats: 0, maxUnsaved: 20 })
  const checkpoint = extra && { ...empty, leaseHolder: { run: 'r', serial: 1, until: 0 }, ...extra(cloud.clock.now() + 20) }
  // The clock moves on by 20 ms before the answer to a message.
  await cloud.clock.sleep(20)
  expect(await resumeSegments(newTask(FILE, 2), [{ segment: SEGMENT, checkpoint }], cloud.ports)).toBe(reached === undefined ? 0 : 1)
  expect(cloud.queued.map(({ task }) => task)).toEqual(
    reached === undefined ? [] : [{ file: FILE, segment: SEGMENT, replays: 2, reached, delays: 0 }],
  )
})
