import { describe, expect, test } from '@jest/globals'
import { Lease, LeaseLost, type LeaseResult } from '../../../lambda/settle/lease.ts'
import type { Checkpoints } from '../../../lambda/ports.ts'

interface Counted {
  readonly schema: 'counted'
  readonly count: number
  readonly isOver: boolean
}

const KEY = { bucket: 'b', key: 'checkpoints/a' }
const LEASE_MS = 15_000

/** One document, as S3 keeps it: it is replaced by who names the tag of the last write, and by nobody else. */
class Memory implements Checkpoints {
  document: { value: unknown; tag: string } | undefined
  /** S3 takes the next write and its answer is lost; the client asks again, and is refused because of its own write. */
  losesNextAnswer = false
  #writes = 0

  find(): Promise<{ value: unknown; tag: string } | undefined> {
    return Promise.resolve(this.document)
  }

  put(_place: unknown, value: object, expected: string | undefined): Promise<string | undefined> {
    if (this.document?.tag !== expected) return Promise.resolve(undefined)
    this.#writes += 1
    this.document = { value: JSON.parse(JSON.stringify(value)) as unknown, tag: String(this.#writes) }
    const isLost = this.losesNextAnswer
    this.losesNextAnswer = false
    return Promise.resolve(isLost ? undefined : this.document.tag)
  }
}

class Scene {
  readonly memory = new Memory()
  now = 1_000_000
  begun: (readonly [earlier: number | undefined, brokeOff: boolean])[] = []

  take(run: string): Promise<LeaseResult<Counted>> {
    return Lease.take<Counted>(
      KEY,
      this.memory,
      { now: () => this.now },
      {
        schema: 'counted',
        run,
        messageId: `message-of-${run}`,
        leaseMs: LEASE_MS,
        isOver: ({ isOver }) => isOver,
        begin: (earlier, brokeOff) => {
          this.begun.push([earlier?.count, brokeOff])
          return { schema: 'counted', count: earlier?.count ?? 0, isOver: false }
        },
      },
    )
  }

  async taken(run: string): Promise<Lease<Counted>> {
    const acquired = await this.take(run)
    if (acquired.kind !== 'taken') throw new Error(`${run} was not let in: ${acquired.kind}`)
    return acquired.lease
  }
}

const counted = (count: number, isOver = false): Counted => ({ schema: 'counted', count, isOver })

describe('a claim', () => {
  test('keeps others out as long as its holder is heard of', async () => {
    const scene = new Scene()
    const lease = await scene.taken('a')
    scene.now += LEASE_MS - 1
    expect(await scene.take('b')).toEqual({ kind: 'busy', ms: 1, messageId: 'message-of-a' })
    await lease.save(counted(1))
    scene.now += LEASE_MS - 1
    expect(await scene.take('b')).toEqual({ kind: 'busy', ms: 1, messageId: 'message-of-a' })
  })

  test('passes on when nothing was heard for too long, and the successor knows that it broke off', async () => {
    const scene = new Scene()
    await (await scene.taken('a')).save(counted(7))
    scene.now += LEASE_MS
    await scene.taken('b')
    expect(scene.begun).toEqual([
      [undefined, false],
      [7, true],
    ])
  })

  test('passes on at once when it was given up', async () => {
    const scene = new Scene()
    await (await scene.taken('a')).release(counted(7))
    await scene.taken('b')
    expect(scene.begun.at(-1)).toEqual([7, false])
  })

  test('who only slept finds out at the next write, and changes nothing', async () => {
    const scene = new Scene()
    const sleeper = await scene.taken('a')
    scene.now += LEASE_MS
    const successor = await scene.taken('b')
    await successor.save(counted(5))
    await expect(sleeper.save(counted(1))).rejects.toThrow(LeaseLost)
    await expect(sleeper.release(counted(1, true))).rejects.toThrow(LeaseLost)
    expect(scene.memory.document?.value).toMatchObject({ count: 5, leaseHolder: { run: 'b' } })
    await successor.save(counted(6))
  })

  test('of two who come at the same time one gets it', async () => {
    const scene = new Scene()
    const results = await Promise.all(['a', 'b', 'c'].map((run) => scene.take(run)))
    expect(results.map(({ kind }) => kind)).toEqual(['taken', 'busy', 'busy'])
    expect(results.slice(1)).toMatchObject([{ messageId: 'message-of-a' }, { messageId: 'message-of-a' }])
  })

  test('knows its own write where the answer to it was lost', async () => {
    const scene = new Scene()
    const lease = await scene.taken('a')
    scene.memory.losesNextAnswer = true
    await lease.save(counted(1))
    await lease.save(counted(2))
    expect(scene.memory.document?.value).toMatchObject({ count: 2 })
  })

  test('what is over is over, whoever held it', async () => {
    const scene = new Scene()
    await (await scene.taken('a')).release(counted(9, true))
    expect(await scene.take('b')).toMatchObject({ kind: 'over', state: { count: 9 } })
  })

  test.each([undefined, 'text', { schema: 'of another time', leaseHolder: { until: 1 } }, { schema: 'counted' }])(
    'a document that is not understood (%j) is begun anew, and taken for one that broke off',
    async (value) => {
      const scene = new Scene()
      scene.memory.document = { value, tag: 'x' }
      await scene.taken('a')
      expect(scene.begun).toEqual([[undefined, true]])
    },
  )
})
