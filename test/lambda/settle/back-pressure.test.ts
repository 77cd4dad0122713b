import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { BackPressure, type BoundedStage } from '../../../lambda/settle/back-pressure.ts'

/** A stage that the test fills and frees. */
class Stage implements BoundedStage {
  hasRoom = true
  waits = 0
  onWait = (): void => {
    this.waits += 1
  }
}

const nextTick = () => new Promise(setImmediate)

/** Whether a promise has settled by now, and how. */
async function stateOf(promise: Promise<void>): Promise<unknown> {
  return Promise.race([
    promise.then(
      () => 'has room',
      (error: unknown) => error,
    ),
    nextTick().then(() => 'waits'),
  ])
}

function withStages(count: number) {
  const backPressure = new BackPressure()
  const stages = Array.from({ length: count }, () => new Stage())
  for (const stage of stages) backPressure.add(stage)
  return { backPressure, stages }
}

test('there is room if every stage has room', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 5 }), (rooms) => {
      const { backPressure, stages } = withStages(rooms.length)
      for (const [index, stage] of stages.entries()) stage.hasRoom = rooms[index] ?? true
      expect(backPressure.hasRoom).toBe(rooms.every(Boolean))
    }),
  )
})

describe('room', () => {
  test('resolves at once if there is room', async () => {
    const { backPressure, stages } = withStages(2)
    expect(await stateOf(backPressure.room())).toBe('has room')
    expect(stages.map(({ waits }) => waits)).toEqual([0, 0])
  })

  test('resolves when the last full stage has room again', async () => {
    const { backPressure, stages } = withStages(3)
    const [first, second] = stages
    first!.hasRoom = second!.hasRoom = false
    const room = backPressure.room()
    first!.hasRoom = true
    backPressure.changed()
    expect(await stateOf(room)).toBe('waits')
    second!.hasRoom = true
    backPressure.changed()
    expect(await stateOf(room)).toBe('has room')
  })

  test('asks every stage when the wait begins and after each change, and never polls', async () => {
    const { backPressure, stages } = withStages(2)
    stages[0]!.hasRoom = false
    const room = backPressure.room()
    for (let turn = 0; turn < 5; turn += 1) await nextTick()
    expect(stages.map(({ waits }) => waits)).toEqual([1, 1])
    backPressure.changed()
    backPressure.changed() // two changes at the same time are one
    await nextTick()
    expect(stages.map(({ waits }) => waits)).toEqual([2, 2])
    stages[0]!.hasRoom = true
    backPressure.changed()
    await room
  })

  test('a stage may report a change while it is asked', async () => {
    const { backPressure, stages } = withStages(1)
    const stage = stages[0]!
    stage.hasRoom = false
    stage.onWait = () => {
      stage.hasRoom = true
      backPressure.changed()
    }
    expect(await stateOf(backPressure.room())).toBe('has room')
  })

  test('wakes everyone who waits', async () => {
    const { backPressure, stages } = withStages(1)
    stages[0]!.hasRoom = false
    const rooms = [backPressure.room(), backPressure.room()]
    stages[0]!.hasRoom = true
    backPressure.changed()
    expect(await Promise.all(rooms.map(stateOf))).toEqual(['has room', 'has room'])
  })
})

describe('after a failure', () => {
  const outage = new Error('outage')

  test('who waits gets the error, and so does everyone who asks later', async () => {
    const { backPressure, stages } = withStages(1)
    stages[0]!.hasRoom = false
    const room = backPressure.room()
    backPressure.fail(outage)
    expect(await stateOf(room)).toBe(outage)
    stages[0]!.hasRoom = true
    expect(backPressure.hasRoom).toBe(false)
    await expect(backPressure.room()).rejects.toBe(outage)
  })

  test('the first error wins', async () => {
    const { backPressure } = withStages(0)
    backPressure.fail(outage)
    backPressure.fail(new Error('stopped'))
    await expect(backPressure.room()).rejects.toBe(outage)
  })
})
