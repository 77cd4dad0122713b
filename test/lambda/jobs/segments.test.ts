import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import type { Segment } from '../../../lambda/intake/task.ts'
import { readPlan, readSegments, sumSegments } from '../../../lambda/jobs/segments.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import { beginCheckpoint, CHECKPOINT_SCHEMA, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const FREE = { run: 'r', serial: 1, until: 0 }

/** Segments of ten lines, and a hundred bytes. */
function planOf(count: number, extra: Partial<SplitPlan> = {}): SplitPlan {
  const segments = Array.from({ length: count }, (_, n): Segment => {
    return { index: n + 1, byteStart: n * 100, byteEnd: (n + 1) * 100, firstLine: n * 10 + 1, lines: 10 }
  })
  return {
    ...{ schema: SPLIT_PLAN_SCHEMA, bytes: count * 100, segments, isComplete: true },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', invocations: 2, ...extra },
  }
}

function checkpointOf(delivered: number, extra: Partial<Checkpoint> = {}): object {
  const start = { line: 0, byte: 0 }
  const empty = beginCheckpoint(undefined, { start, startedAt: '', hasCrashed: false, maxRepeats: 0, maxUnsaved: 0 })
  const lines = { delivered, rejected: 0, undeliverable: 0, blank: 0 }
  return { ...empty, leaseHolder: FREE, counts: { ...emptyCounts(), lines }, ...extra }
}

async function stateOf(plan: SplitPlan, checkpoints: Readonly<Record<number, object>>) {
  const cloud = new MemoryCloud()
  for (const [index, checkpoint] of Object.entries(checkpoints)) cloud.write(checkpointKey(FILE, Number(index)), checkpoint)
  return sumSegments(FILE, plan, await readSegments(FILE, plan, cloud.ports))
}

describe('a split file', () => {
  test('is the sum of its segments, those that have not begun included', async () => {
    const state = await stateOf(planOf(3), {
      1: checkpointOf(10, { invocations: 3, repeatsPossible: 4, repeatedTries: 1 }),
      3: checkpointOf(6, { invocations: 1, repeatsPossible: 2 }),
    })
    expect(state).toMatchObject({
      ...{ file: FILE, bytes: 300, linesRead: 30, startedAt: '2026-01-01T00:00:00.000Z' },
      counts: { lines: { delivered: 16 } },
      ...{ invocations: 6, repeatsPossible: 6, repeatedTries: 1 },
      segments: [
        { index: 1, firstLine: 1, lines: 10, settled: 10, invocations: 3 },
        { index: 2, firstLine: 11, lines: 10, settled: 0, invocations: 0 },
        { index: 3, firstLine: 21, lines: 10, settled: 6, invocations: 1 },
      ],
    })
  })

  test('has what any of its segments has noted, and the rules of its plan', async () => {
    const example = { number: 12, byteStart: 0, byteEnd: 9, detail: 'd', line: '{}' }
    const group = { lines: 1, ranges: [[12, 12]] as const, examples: [example] }
    const state = await stateOf(planOf(2, { rules: [{ fix: 'ms-timestamps' }] }), {
      1: checkpointOf(9, { undelivered: [[3, 3]], replay: 'run' }),
      2: checkpointOf(9, { undelivered: [[11, 11]], groups: { invalid_json: group } }),
    })
    expect(state).toMatchObject({ undelivered: [[3, 3], [11, 11]], replay: 'run', rules: [{ fix: 'ms-timestamps' }] }) // prettier-ignore
    expect(state.groups).toEqual({ invalid_json: group })
  })

  test('leaves out what nobody has noted: most files are not replays, and have no groups', async () => {
    const state = await stateOf(planOf(2), { 1: checkpointOf(10) })
    for (const name of ['undelivered', 'replay', 'rules', 'groups']) expect(state).not.toHaveProperty(name)
  })

  test('with more segments than are read at the same time has them all, in order', async () => {
    const plan = planOf(40)
    const cloud = new MemoryCloud()
    for (const { index } of plan.segments) cloud.write(checkpointKey(FILE, index), checkpointOf(index))
    const states = await readSegments(FILE, plan, cloud.ports)
    expect(states.map(({ segment, checkpoint }) => [segment.index, checkpoint?.counts.lines.delivered])).toEqual(
      plan.segments.map(({ index }) => [index, index]),
    )
  })
})

describe('a plan or checkpoint', () => {
  // prettier-ignore
  test.each<[string, object | undefined]>([
    [ 'is missing',          undefined ],
    [ 'is of another kind',  { schema: 'kissmetrics-importer/report/v1', leaseHolder: FREE } ],
    [ 'is damaged',          { schema: SPLIT_PLAN_SCHEMA } ],
  ])('that %s is none', async (_what, document) => {
    const cloud = new MemoryCloud()
    for (const part of ['plan', 1] as const) if (document !== undefined) cloud.write(checkpointKey(FILE, part), document)
    expect(await readPlan(FILE, cloud.ports)).toBeUndefined()
    expect(await readSegments(FILE, planOf(1), cloud.ports)).toMatchObject([{ checkpoint: undefined }])
  })

  test('of a newer version is an error', async () => {
    const cloud = new MemoryCloud()
    cloud.write(checkpointKey(FILE, 'plan'), { schema: SPLIT_PLAN_SCHEMA.replace('v1', 'v2') })
    cloud.write(checkpointKey(FILE, 1), { schema: CHECKPOINT_SCHEMA.replace('v1', 'v2') })
    await expect(readPlan(FILE, cloud.ports)).rejects.toThrow(NewerVersionError)
    await expect(readSegments(FILE, planOf(1), cloud.ports)).rejects.toThrow(NewerVersionError)
  })
})
