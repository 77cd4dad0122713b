import { describe, expect, jest, test } from '@jest/globals'
import { Lease, LeaseLost, type LeaseResult } from '../../../lambda/settle/lease.ts'
import type { Checkpoints } from '../../../lambda/ports.ts'

interface Counted {
  readonly schema: 'counted'
  readonly count: number
  readonly isDone: boolean
}

const KEY = { bucket: 'b', key: 'checkpoints/a' }
const LEASE_MS = 15_000

/** One S3 document: a write must name the tag of the write before it. */
class DocumentInMemory implements Checkpoints {
  document: { value: unknown; tag: string } | undefined
  /** S3 accepts the next write, but its answer is lost. The SDK tries again, and the second try is refused because of the first. */
  losesNextAnswer = false
  /** S3 refuses the next write because of another one at the same time, which then fails. */
  refusesNext = false
  #writes = 0

  find(): Promise<{ value: unknown; tag: string } | undefined> {
    return Promise.resolve(this.document)
  }

  put(_key: unknown, value: object, expected: string | undefined): Promise<string | undefined> {
    const isRefused = this.refusesNext
    this.refusesNext = false
    if (isRefused || this.document?.tag !== expected) return Promise.resolve(undefined)
    this.#writes += 1
    this.document = { value: JSON.parse(JSON.stringify(value)) as unknown, tag: String(this.#writes) }
    const isLost = this.losesNextAnswer
    this.losesNextAnswer = false
    return Promise.resolve(isLost ? undefined : this.document.tag)
  }
}

class Scene {
  readonly memory = new DocumentInMemory()
  now = 1_000_000
  begun: (readonly [earlier: number | undefined, hasCrashed: boolean])[] = []

  acquire(run: string, isFirst = false): Promise<LeaseResult<Counted>> {
    return Lease.acquire<Counted>(
      KEY,
      this.memory,
      { now: () => this.now },
      {
        schema: 'counted',
        run,
        messageId: `message-of-${run}`,
        leaseMs: LEASE_MS,
        isFirst,
        isDone: ({ isDone }) => isDone,
        begin: (earlier, hasCrashed) => {
          this.begun.push([earlier?.count, hasCrashed])
          return { schema: 'counted', count: earlier?.count ?? 0, isDone: false }
        },
      },
    )
  }

  async acquired(run: string): Promise<Lease<Counted>> {
    const result = await this.acquire(run)
    if (result.kind !== 'acquired') throw new Error(`${run} did not acquire the lease: ${result.kind}`)
    return result.lease
  }
}

const counted = (count: number, isDone = false): Counted => ({ schema: 'counted', count, isDone })

describe('a lease', () => {
  test('keeps other runs out as long as its holder renews it', async () => {
    const scene = new Scene()
    const lease = await scene.acquired('a')
    scene.now += LEASE_MS - 1
    expect(await scene.acquire('b')).toEqual({ kind: 'busy', ms: 1, messageId: 'message-of-a' })
    await lease.save(counted(1))
    scene.now += LEASE_MS - 1
    expect(await scene.acquire('b')).toEqual({ kind: 'busy', ms: 1, messageId: 'message-of-a' })
  })

  test('is free when its time is over, and the next run knows that its holder has crashed', async () => {
    const scene = new Scene()
    await (await scene.acquired('a')).save(counted(7))
    scene.now += LEASE_MS
    await scene.acquired('b')
    expect(scene.begun).toEqual([
      [undefined, false],
      [7, true],
    ])
  })

  test('is free at once when it was released', async () => {
    const scene = new Scene()
    await (await scene.acquired('a')).release(counted(7))
    await scene.acquired('b')
    expect(scene.begun.at(-1)).toEqual([7, false])
  })

  test('is lost to a run that took over: a holder that was only suspended notices at its next write, and changes nothing', async () => {
    const scene = new Scene()
    const suspended = await scene.acquired('a')
    scene.now += LEASE_MS
    const successor = await scene.acquired('b')
    await successor.save(counted(5))
    await expect(suspended.save(counted(1))).rejects.toMatchObject({ name: 'LeaseLost', code: 'lease_lost' })
    await expect(suspended.release(counted(1, true))).rejects.toThrow(LeaseLost)
    expect(scene.memory.document?.value).toMatchObject({ count: 5, leaseHolder: { run: 'b' } })
    await successor.save(counted(6))
  })

  test('goes to one of several runs that ask at the same time', async () => {
    const scene = new Scene()
    const results = await Promise.all(['a', 'b', 'c'].map((run) => scene.acquire(run)))
    expect(results.map(({ kind }) => kind)).toEqual(['acquired', 'busy', 'busy'])
    expect(results.slice(1)).toMatchObject([{ messageId: 'message-of-a' }, { messageId: 'message-of-a' }])
  })

  test('of a first run is acquired without a read, unless another run was quicker', async () => {
    const scene = new Scene()
    const reads = jest.spyOn(scene.memory, 'find')
    const first = await scene.acquire('a', true)
    expect([first.kind, reads.mock.calls]).toEqual(['acquired', []])
    expect(await scene.acquire('b', true)).toEqual({ kind: 'busy', ms: LEASE_MS, messageId: 'message-of-a' })
    if (first.kind === 'acquired') await first.lease.release(counted(3, true))
    expect(await scene.acquire('c', true)).toEqual({ kind: 'busy', ms: LEASE_MS, messageId: 'message-of-c' })
    expect(scene.memory.document?.value).toMatchObject({ count: 3, isDone: true })
  })

  test('that S3 refuses although no other run has written names the message of this run, so that it stays', async () => {
    const scene = new Scene()
    const first = await scene.acquired('first')
    await first.release(first.state)
    scene.memory.refusesNext = true
    expect(await scene.acquire('second')).toEqual({ kind: 'busy', ms: LEASE_MS, messageId: 'message-of-second' })
    expect((await scene.acquire('second')).kind).toBe('acquired')
  })

  test('recognises its own write if the answer of S3 was lost', async () => {
    const scene = new Scene()
    const lease = await scene.acquired('a')
    scene.memory.losesNextAnswer = true
    await lease.save(counted(1))
    await lease.save(counted(2))
    expect(scene.memory.document?.value).toMatchObject({ count: 2 })
  })

  test('is not needed for work that is done', async () => {
    const scene = new Scene()
    await (await scene.acquired('a')).release(counted(9, true))
    expect(await scene.acquire('b')).toMatchObject({ kind: 'done', state: { count: 9 } })
  })

  test.each([undefined, 'text', { schema: 'another', leaseHolder: { until: 1 } }, { schema: 'counted' }])(
    'is free if the document cannot be parsed (%j), and its writer counts as crashed',
    async (value) => {
      const scene = new Scene()
      scene.memory.document = { value, tag: 'x' }
      await scene.acquired('a')
      expect(scene.begun).toEqual([[undefined, true]])
    },
  )
})
