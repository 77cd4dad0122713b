import { describe, expect, test } from '@jest/globals'
import { BRAKE_SCHEMA } from '../../../lambda/control/brake.ts'
import { Delivery } from '../../../lambda/deliver/delivery.ts'
import { NewerVersionError, OutOfTime } from '../../../lambda/errors.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { RateLease, type RateShare } from '../../../lambda/jobs/rate-lease.ts'
import { BRAKE_KEY, RATE_KEY } from '../../../lambda/keys.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { ACCEPTED, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'
import { seeded } from '../../support/seeded.ts'
import { roomIn } from '../../support/room-in.ts'

const LOOK_MS = 5_000
const REQUEST = { method: 'GET', path: '/e?_p=p' } as const

/** One invocation: it sends as fast as it may, until its time is over or it is killed. @returns when it ends */
async function send(cloud: MemoryCloud, limit: () => number, lifeMs: number, isKilled: boolean, begun: number[]): Promise<void> {
  const { clock } = cloud
  const backPressure = new BackPressure()
  const ended = new AbortController()
  const endpoint = promisedEndpoint(async () => {
    begun.push(clock.now())
    await clock.sleep(20)
    return ACCEPTED
  })
  const delivery = new Delivery(endpoint, clock, backPressure, { maxInFlight: 32 })
  const lease = new RateLease(cloud.ports, delivery)
  const end = clock.now() + lifeMs
  await lease.renew(limit())
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(LOOK_MS, ended.signal)
      if (ended.signal.aborted) return
      await lease.renew(limit())
    }
  })()
  const over = clock.sleep(lifeMs).then(() => {
    delivery.stop(new Error('over'))
  })
  while (clock.now() < end) {
    if (!backPressure.hasRoom) await roomIn(backPressure).catch(() => undefined)
    if (clock.now() < end && backPressure.hasRoom) delivery.send([REQUEST], () => undefined)
  }
  await over
  ended.abort()
  await renewing
  if (!isKilled) await lease[Symbol.asyncDispose]()
}

/** The most requests that began in any ten seconds. */
function mostInTenSeconds(times: readonly number[]): number {
  let most = 0
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= 10_000) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}

// prettier-ignore
test.each([
  //  lines a second    seed
  [ 20,                 1 ],
  [ 100,                2 ],
  [ 100,                3 ],
])('ten invocations that come, go and die send %d lines a second together (seed %d)', async (limit, seed) => {
  const chance = seeded(seed)
  const cloud = new MemoryCloud()
  const begun: number[] = []
  const totalMs = 600_000
  const start = cloud.clock.now()
  const work = async (): Promise<void> => {
    await cloud.clock.sleep(chance() * 5_000)
    while (cloud.clock.now() < start + totalMs) {
      const lifeMs = Math.min(20_000 + chance() * 200_000, start + totalMs - cloud.clock.now())
      await send(cloud, () => limit, lifeMs, chance() < 0.2, begun)
    }
  }
  await Promise.all(Array.from({ length: 10 }, work))
  expect(mostInTenSeconds(begun)).toBeLessThanOrEqual(limit * 10 * 1.05)
  expect(begun.length).toBeGreaterThanOrEqual((limit * totalMs * 0.9) / 1000)
})

/** One invocation that could use any share. In each round it renews at a moment of its own. @param onShare called with what it may send */
async function renewInRounds(
  cloud: MemoryCloud,
  limit: number,
  chance: () => number,
  onShare: (share: RateShare | undefined) => void,
): Promise<void> {
  let begun = 0
  const requests = {
    get begunRequests() {
      return (begun += 1_000_000)
    },
    limitTo: onShare,
  }
  const lease = new RateLease(cloud.ports, requests)
  const start = cloud.clock.now()
  for (let round = 1; round <= 4; round += 1) {
    await cloud.clock.sleep(chance() * (LOOK_MS - 1_000)) // a renewal takes a moment
    await lease.renew(limit)
    await cloud.clock.sleep(start + round * LOOK_MS - cloud.clock.now())
  }
}

test.each([1, 2, 3, 4, 5])(
  'eight invocations that renew in any order stay within the limit, and end with equal shares (seed %i)',
  async (seed) => {
    const limit = 100
    const chance = seeded(seed)
    const cloud = new MemoryCloud()
    const held = new Map<number, RateShare | undefined>()
    let mostInUse = 0
    const invocation = (index: number) =>
      renewInRounds(cloud, limit, chance, (share) => {
        held.set(index, share)
        const usable = [...held.values()].filter((each) => each === undefined || each.until > cloud.clock.now())
        mostInUse = Math.max(mostInUse, usable.reduce((total, each) => total + (each?.perSecond ?? Infinity), 0)) // prettier-ignore
      })
    await Promise.all(Array.from({ length: 8 }, (_, index) => invocation(index)))
    expect(mostInUse).toBeCloseTo(limit, 3)
    const shares = [...held.values()].map((share) => share?.perSecond)
    expect(shares).toEqual(Array.from({ length: 8 }, () => expect.closeTo(limit / 8, 3) as unknown))
  },
)

test('a run uses less before others can see that it has left a part of its share, and more only afterwards', async () => {
  const cloud = new MemoryCloud()
  const used: number[] = []
  let begun = 0
  const requests = {
    get begunRequests() {
      return (begun += 1_000) // as many as it may
    },
    limitTo: (share: { readonly perSecond: number } | undefined) => used.push(share?.perSecond ?? Infinity),
  }
  const whenWritten: (number | undefined)[] = []
  const put = cloud.ports.documents.put.bind(cloud.ports.documents)
  cloud.ports.documents.put = (...args) => {
    whenWritten.push(used.at(-1))
    return put(...args)
  }
  await using first = new RateLease(cloud.ports, requests)
  await first.renew(100)
  await using second = new RateLease(cloud.ports, { begunRequests: 0, limitTo: () => undefined })
  await second.renew(100)
  await first.renew(100)
  expect(used).toEqual([0, 100, 50, 50])
  expect(whenWritten).toEqual([0, 100, 50])
})

describe('an import with a limit', () => {
  const LINES = Array.from({ length: 100 }, (_, index) => goodLine(index))
  const limited = (linesPerSecond: number) => ({ schema: BRAKE_SCHEMA, cancelled: [], limit: { linesPerSecond } })

  function cloudWith(linesPerSecond: number): MemoryCloud {
    const cloud = new MemoryCloud()
    cloud.put(...LINES)
    cloud.write(BRAKE_KEY, limited(linesPerSecond))
    return cloud
  }

  test('keeps it, and leaves its share when it ends', async () => {
    const cloud = cloudWith(10)
    const begin = cloud.clock.now()
    await importFile(newTask(FILE), cloud.ports, invocation())
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 100 } })
    expect(cloud.clock.now() - begin).toBeGreaterThan(9_900)
    expect(cloud.read(RATE_KEY)).toEqual({ schema: 'kissmetrics-importer/rate/v1', limit: 10, holders: [] })
  })

  test('notices that the limit has changed, or ended', async () => {
    const cloud = cloudWith(1)
    cloud.answer = () => {
      if (cloud.requests.length === 5) cloud.write(BRAKE_KEY, { ...limited(1), limit: undefined })
      return ACCEPTED
    }
    const begin = cloud.clock.now()
    await importFile(newTask(FILE), cloud.ports, invocation())
    expect(cloud.clock.now() - begin).toBeLessThan(10_000)
    expect(cloud.report?.state).toBe('complete')
  })

  test('sends nothing while others hold all of it', async () => {
    const cloud = cloudWith(10)
    const until = cloud.clock.now() + 8_000
    cloud.write(RATE_KEY, { schema: 'kissmetrics-importer/rate/v1', limit: 10, holders: [{ run: 'other', share: 10, until }] })
    let first = 0
    cloud.answer = () => {
      first ||= cloud.clock.now()
      return ACCEPTED
    }
    await importFile(newTask(FILE), cloud.ports, invocation())
    expect(first).toBeGreaterThan(until)
  })

  test('that gets no share in the whole time of its invocation waits for its turn, and does not fail', async () => {
    const cloud = cloudWith(10)
    const holders = [{ run: 'other', share: 10, until: cloud.clock.now() + 60_000 }]
    cloud.write(RATE_KEY, { schema: 'kissmetrics-importer/rate/v1', limit: 10, holders })
    const ending = new AbortController()
    void cloud.clock.sleep(5_000).then(() => {
      ending.abort(new OutOfTime())
    })
    expect(await importFile(newTask(FILE), cloud.ports, invocation({ ending: ending.signal }))).toEqual({ kind: 'requeued' })
    expect(cloud.requests).toEqual([])
    expect(cloud.queued).toMatchObject([{ task: { delays: 1 }, delaySeconds: 30 }])
  })

  test('keeps its share while S3 fails, until the share ends', async () => {
    const cloud = cloudWith(10)
    cloud.put(...Array.from({ length: 400 }, (_, index) => goodLine(index)))
    cloud.answer = () => {
      if (cloud.requests.length === 10) cloud.failing.add('documents.find')
      return ACCEPTED
    }
    const end = cloud.clock.now() + 60_000
    void importFile(newTask(FILE), cloud.ports, invocation())
    while (cloud.clock.now() < end) await cloud.clock.sleep(1_000)
    expect(cloud.requests.length).toBeGreaterThan(50)
    expect(cloud.requests.length).toBeLessThan(200)
    cloud.failing.clear()
    while (cloud.report?.state !== 'complete') await cloud.clock.sleep(1_000)
  })

  test('sends nothing while its first share cannot be written', async () => {
    const cloud = cloudWith(10)
    cloud.failing.add('documents.put')
    void importFile(newTask(FILE), cloud.ports, invocation())
    await cloud.clock.sleep(30_000)
    expect(cloud.requests).toEqual([])
    cloud.failing.clear()
    while (cloud.report?.state !== 'complete') await cloud.clock.sleep(1_000)
  })

  test('stops if a newer version has written the shares', async () => {
    const cloud = cloudWith(10)
    cloud.write(RATE_KEY, { schema: 'kissmetrics-importer/rate/v2' })
    await expect(importFile(newTask(FILE), cloud.ports, invocation())).rejects.toThrow(NewerVersionError)
    expect(cloud.requests).toEqual([])
  })
})
