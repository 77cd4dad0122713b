import { afterEach, describe, expect, test } from '@jest/globals'
import type { Checkpoints } from '../../../lambda/ports.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { beginCheckpoint, CHECKPOINT_SCHEMA, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { Checkpointer } from '../../../lambda/settle/checkpointer.ts'
import { Lease, LeaseLost } from '../../../lambda/settle/lease.ts'
import { Ledger } from '../../../lambda/settle/ledger.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { roomIn } from '../../support/room-in.ts'

const EVERY_MS = 5_000
const MAX_UNSAVED = 100

/** S3 with one document. The test can make it fail, and can hold its writes back. */
class Store implements Checkpoints {
  document: { value: Checkpoint; tag: string } | undefined
  error: Error | undefined
  held: (() => void)[] | undefined
  writes = 0

  find() {
    return Promise.resolve(this.document)
  }

  async put(_key: unknown, value: object, expected: string | undefined) {
    if (this.held !== undefined) await new Promise<void>((resolve) => this.held?.push(resolve))
    if (this.error !== undefined) throw this.error
    if (this.document?.tag !== expected) return undefined
    this.writes += 1
    this.document = { value: value as Checkpoint, tag: String(this.writes) }
    return this.document.tag
  }

  /** Lets the writes that are held back go on, and holds back no more. */
  release(): void {
    const held = this.held ?? []
    this.held = undefined
    for (const resolve of held) resolve()
  }

  get savedLine(): number {
    return this.document?.value.watermark.line ?? -1
  }
}

/** A run that has acquired its lease, and has sent nothing. */
class Run {
  readonly store: Store
  readonly clock = new VirtualClock()
  readonly ledger = new Ledger({ watermark: { line: 0, byte: 0 } }, 10_000)
  readonly backPressure = new BackPressure()
  readonly checkpointer: Checkpointer
  readonly saved: number[] = []
  readonly lost: Error[] = []
  #newest = 0

  private constructor(store: Store, lease: Lease<Checkpoint>) {
    this.store = store
    this.checkpointer = new Checkpointer(lease, lease.state, this.ledger, this.clock, this.backPressure, {
      everyMs: EVERY_MS,
      maxUnsaved: MAX_UNSAVED,
      onLost: (error) => this.lost.push(error),
      onSaved: ({ watermark }) => this.saved.push(watermark.line),
    })
  }

  static async begin(store = new Store()): Promise<Run> {
    const result = await Lease.acquire<Checkpoint>({ bucket: 'b', key: 'k' }, store, new VirtualClock(), {
      schema: CHECKPOINT_SCHEMA,
      run: 'a',
      messageId: undefined,
      leaseMs: 15_000,
      isDone: () => false,
      begin: () =>
        beginCheckpoint(undefined, {
          start: { line: 0, byte: 0 },
          startedAt: '',
          hasCrashed: false,
          maxRepeats: 0,
          maxUnsaved: 20,
        }),
    })
    if (result.kind !== 'acquired') throw new Error(result.kind)
    return new Run(store, result.lease)
  }

  /** Opens lines up to this one, and ends those up to the other. */
  advance(newest: number, ended: number): void {
    for (; this.#newest < newest; this.#newest += 1) this.ledger.open(this.#newest + 1, (this.#newest + 1) * 10)
    for (let line = this.ledger.watermark.line + 1; line <= ended; line += 1) this.ledger.blank(line)
    this.backPressure.changed()
  }
}

/** Lets everything happen that needs no time: the virtual clock jumps only after that. */
async function now(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

/** A checkpointer that is not ended goes on for ever, since its clock is virtual. */
const runs: Run[] = []

async function beginRun(): Promise<Run> {
  const run = await Run.begin()
  runs.push(run)
  return run
}

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.store.error = undefined
    run.store.release()
    await run.checkpointer.end().catch(() => undefined) // it may have ended, or lost its lease
  }
})

test('a checkpoint is saved every few seconds, which renews the lease, even if nothing has changed', async () => {
  const run = await beginRun()
  run.advance(10, 4)
  await run.clock.sleep(EVERY_MS + 1)
  expect(run.store.document?.value).toMatchObject({ watermark: { line: 4, byte: 40 }, newest: 10 })
  await run.clock.sleep(3 * EVERY_MS)
  expect(run.saved).toEqual([4, 4, 4, 4])
})

describe('while the reader waits for another stage', () => {
  const waiting = async () => {
    const run = await beginRun()
    const stage = { hasRoom: false, onWait: () => undefined }
    run.backPressure.add(stage)
    return run
  }

  // prettier-ignore
  test.each([
    //  lines that ended since the last checkpoint   checkpoints
    [ MAX_UNSAVED / 2 - 1,                           [] ],
    [ MAX_UNSAVED / 2,                               [MAX_UNSAVED / 2] ],
  ])('%i unsaved lines', async (lines, checkpoints) => {
    const run = await waiting()
    run.advance(lines, lines)
    void roomIn(run.backPressure)
    await now()
    expect(run.saved).toEqual(checkpoints)
  })

  test('an error of S3 is ignored, and the next save tries again', async () => {
    const run = await waiting()
    run.store.error = new Error('SlowDown')
    run.advance(50, 50)
    void roomIn(run.backPressure)
    await now()
    expect(run.saved).toEqual([])
    run.store.error = undefined
    await run.clock.sleep(EVERY_MS + 1)
    expect(run.saved).toEqual([50])
  })
})

describe('with as many unsaved lines as a crash may repeat', () => {
  test('the reader waits until a checkpoint is saved', async () => {
    const run = await beginRun()
    run.store.held = []
    run.advance(MAX_UNSAVED, 60)
    expect(run.backPressure.hasRoom).toBe(false)
    let hasRoom = false
    const room = roomIn(run.backPressure).then(() => (hasRoom = true))
    await now()
    expect(hasRoom).toBe(false)
    expect(run.store.held).toHaveLength(1)
    run.store.release()
    await room
    expect(run.store.savedLine).toBe(60)
  })

  test('no checkpoint is saved that would free no room: a line has to end first', async () => {
    const run = await beginRun()
    run.advance(MAX_UNSAVED, 0)
    expect(run.backPressure.hasRoom).toBe(false)
    const room = roomIn(run.backPressure)
    await now()
    expect(run.saved).toEqual([])
    run.advance(MAX_UNSAVED, 1)
    await room
    expect(run.saved).toEqual([1])
  })

  test('a request that was sent again counts as well', async () => {
    const run = await beginRun()
    run.store.held = []
    run.advance(MAX_UNSAVED - 1, 60)
    expect(run.backPressure.hasRoom).toBe(true)
    run.ledger.repeated()
    expect(run.backPressure.hasRoom).toBe(false)
  })

  test('a line that is slow to end takes the room of one line', async () => {
    const run = await beginRun()
    run.advance(10 * MAX_UNSAVED, 0)
    for (let line = 2; line <= 10 * MAX_UNSAVED; line += 1) run.ledger.blank(line)
    await roomIn(run.backPressure)
    expect(run.store.document?.value).toMatchObject({ watermark: { line: 0 }, ended: [[2, 10 * MAX_UNSAVED]] })
    expect(run.backPressure.hasRoom).toBe(true)
  })

  test('the reader gets the error of S3', async () => {
    const run = await beginRun()
    const error = new Error('SlowDown')
    run.store.error = error
    run.advance(MAX_UNSAVED, 60)
    await expect(roomIn(run.backPressure)).rejects.toBe(error)
  })
})

test('a lost lease is reported once another run has taken over', async () => {
  const run = await beginRun()
  run.store.document = { value: run.store.document!.value, tag: 'of another run' }
  await run.clock.sleep(EVERY_MS + 1)
  expect(run.lost).toEqual([expect.any(LeaseLost)])
  await expect(run.checkpointer.end()).rejects.toThrow(LeaseLost)
})

describe('the end', () => {
  test('saves the last checkpoint, releases the lease, and no other checkpoint follows', async () => {
    const run = await beginRun()
    run.advance(10, 10)
    const last = await run.checkpointer.end({ isDone: true })
    expect(last).toMatchObject({ watermark: { line: 10 }, isDone: true })
    expect(run.store.document?.value).toMatchObject({ ...last, leaseHolder: { until: 0 } })
    const { writes } = run.store
    await run.clock.sleep(10 * EVERY_MS)
    expect(run.store.writes).toBe(writes)
  })

  test('waits for a save in progress, so that the two do not overtake each other', async () => {
    const run = await beginRun()
    run.store.held = []
    void run.checkpointer.save()
    run.advance(5, 5)
    const ended = run.checkpointer.end()
    await now()
    expect(run.store.held).toHaveLength(1)
    run.store.release()
    expect((await ended).watermark.line).toBe(5)
    expect(run.store.savedLine).toBe(5)
  })

  test('adds the requests that this run has sent again', async () => {
    const run = await beginRun()
    run.ledger.repeated()
    expect(await run.checkpointer.end()).toMatchObject({ repeatsPossible: 1, repeatedTries: 1 })
  })
})
