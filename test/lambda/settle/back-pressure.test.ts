import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { BackPressure, type BoundedStage } from '../../../lambda/settle/back-pressure.ts'
import { roomIn } from '../../support/room-in.ts'

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
    expect(await stateOf(roomIn(backPressure))).toBe('has room')
    expect(stages.map(({ waits }) => waits)).toEqual([0, 0])
  })

  test('resolves when the last full stage has room again', async () => {
    const { backPressure, stages } = withStages(3)
    const [first, second] = stages
    first!.hasRoom = second!.hasRoom = false
    const room = roomIn(backPressure)
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
    const room = roomIn(backPressure)
    for (let turn = 0; turn < 5; turn += 1) await nextTick()
    expect(stages.map(({ waits }) => waits)).toEqual([1, 1])
    backPressure.changed()
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
    expect(await stateOf(roomIn(backPressure))).toBe('has room')
  })

  test('wakes everyone who waits', async () => {
    const { backPressure, stages } = withStages(1)
    stages[0]!.hasRoom = false
    const rooms = [roomIn(backPressure), roomIn(backPressure)]
    stages[0]!.hasRoom = true
    backPressure.changed()
    expect(await Promise.all(rooms.map(stateOf))).toEqual(['has room', 'has room'])
  })
})

describe('items pass', () => {
  /** Passes 1, 2, … on, and records them. */
  function passing(backPressure: BackPressure, count: number, pass: (item: number) => void = () => undefined) {
    const passed: number[] = []
    const end = backPressure.passAll(
      Array.from({ length: count }, (_, index) => index + 1),
      (item) => {
        passed.push(item)
        pass(item)
      },
    )
    return { passed, end }
  }

  test('without a wait while there is room, and are counted', async () => {
    const { backPressure } = withStages(1)
    const { passed, end } = passing(backPressure, 3)
    expect(passed).toEqual([1, 2, 3])
    expect(await end).toBe(3)
  })

  test('in the same moment in which a change makes room, and no more than there is room for', async () => {
    const { backPressure, stages } = withStages(1)
    const { passed, end } = passing(backPressure, 3, () => {
      stages[0]!.hasRoom = false
    })
    expect(passed).toEqual([1])
    for (const expected of [
      [1, 2],
      [1, 2, 3],
    ]) {
      stages[0]!.hasRoom = true
      backPressure.changed()
      expect(passed).toEqual(expected)
    }
    expect(await end).toBe(3) // the last item needs no room after it
    backPressure.changed()
    expect(passed).toHaveLength(3)
  })

  test('one at a time, even if passing one reports a change', async () => {
    const { backPressure } = withStages(1)
    let depth = 0
    const { passed, end } = passing(backPressure, 1_000, () => {
      depth += 1
      expect(depth).toBe(1)
      backPressure.changed()
      depth -= 1
    })
    expect(await end).toBe(1_000)
    expect(passed).toHaveLength(1_000)
  })

  test('until passing one throws, and then no more', async () => {
    const { backPressure } = withStages(1)
    const { passed, end } = passing(backPressure, 3, (item) => {
      if (item === 2) throw new Error('cannot be passed')
    })
    await expect(end).rejects.toThrow('cannot be passed')
    backPressure.changed()
    expect(passed).toEqual([1, 2])
  })
})

describe('after a failure', () => {
  const outage = new Error('outage')

  test('who waits gets the error, and so does everyone who asks later', async () => {
    const { backPressure, stages } = withStages(1)
    stages[0]!.hasRoom = false
    const room = roomIn(backPressure)
    backPressure.fail(outage)
    expect(await stateOf(room)).toBe(outage)
    stages[0]!.hasRoom = true
    expect(backPressure.hasRoom).toBe(false)
    await expect(roomIn(backPressure)).rejects.toBe(outage)
  })

  test('the first error wins', async () => {
    const { backPressure } = withStages(0)
    backPressure.fail(outage)
    backPressure.fail(new Error('stopped'))
    await expect(roomIn(backPressure)).rejects.toBe(outage)
  })
})
