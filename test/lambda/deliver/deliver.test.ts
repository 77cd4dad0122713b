import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Delivery, type Endpoint, type Outcome } from '../../../lambda/deliver/deliver.ts'
import type { Answer } from '../../../lambda/deliver/judge.ts'
import type { Request } from '../../../lambda/parse/request.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const TOOK: Answer = { kind: 'status', status: 200 }
const status = (code: number, retryAfter?: string): Answer => ({
  kind: 'status',
  status: code,
  ...(retryAfter !== undefined && { retryAfter }),
})
const silence = (code: string): Answer => ({ kind: 'silence', code })

interface Run {
  readonly outcomes: ReadonlyMap<number, Outcome>
  readonly error: unknown
  readonly sent: readonly { readonly path: string; readonly at: number }[]
  readonly mostInFlight: number
  readonly elapsedMs: number
}

/** Sends so many lines of one request each to an endpoint that answers after 10 ms. */
async function deliver(
  lines: number,
  answer: (path: string, attempt: number, clock: VirtualClock) => Answer,
  maxInFlight = 8,
  requestsOf: (line: number) => readonly Request[] = (line) => [{ method: 'GET', path: `/e?line=${line}` }],
): Promise<Run> {
  const clock = new VirtualClock()
  const start = clock.now()
  const sent: { path: string; at: number }[] = []
  const attempts = new Map<string, number>()
  let inFlight = 0
  let mostInFlight = 0
  const endpoint: Endpoint = {
    async send({ path }) {
      inFlight += 1
      mostInFlight = Math.max(mostInFlight, inFlight)
      sent.push({ path, at: clock.now() - start })
      const attempt = (attempts.get(path) ?? 0) + 1
      attempts.set(path, attempt)
      await clock.sleep(10)
      inFlight -= 1
      return answer(path, attempt, clock)
    },
  }
  const delivery = new Delivery(endpoint, clock, { maxInFlight })
  const outcomes = new Map<number, Outcome>()
  let error: unknown
  try {
    for (let line = 1; line <= lines; line += 1) {
      if (delivery.isFull) await delivery.room()
      delivery.send(requestsOf(line), (outcome) => {
        if (outcomes.has(line)) throw new Error(`line ${line} ended twice`)
        outcomes.set(line, outcome)
      })
    }
    await delivery.drain()
  } catch (thrown) {
    error = thrown
  }
  return { outcomes, error, sent, mostInFlight, elapsedMs: clock.now() - start }
}

const kinds = ({ outcomes }: Run): readonly string[] => [...outcomes.values()].map(({ kind }) => kind)

test('every line is delivered, and never more are on their way than may be', async () => {
  const run = await deliver(100, () => TOOK, 8)
  expect(run.outcomes.size).toBe(100)
  expect(new Set(kinds(run))).toEqual(new Set(['delivered']))
  expect(run.mostInFlight).toBe(8)
})

test('a fault is tried again, the same', async () => {
  const run = await deliver(20, (_path, attempt) => (attempt < 4 ? status(500) : TOOK))
  expect(new Set(kinds(run))).toEqual(new Set(['delivered']))
  expect([...run.outcomes.values()].map(({ attempts }) => attempts)).toEqual(Array.from({ length: 20 }, () => 4))
})

test('the requests of a line go one after the other, and the second only when the first was taken', async () => {
  const requestsOf = (line: number): readonly Request[] => [
    { method: 'GET', path: `/e?line=${line}` },
    { method: 'GET', path: `/a?line=${line}` },
  ]
  const run = await deliver(3, (path, attempt) => (path.startsWith('/e') && attempt < 3 ? status(500) : TOOK), 8, requestsOf)
  for (const line of [1, 2, 3]) {
    expect(run.sent.map(({ path }) => path).filter((path) => path.endsWith(`=${line}`))).toEqual([
      ...Array.from({ length: 3 }, () => `/e?line=${line}`),
      `/a?line=${line}`,
    ])
  }
  expect([...run.outcomes.values()].map(({ attempts }) => attempts)).toEqual([4, 4, 4])
})

test('when it asks to wait, everybody does', async () => {
  const run = await deliver(100, (path, attempt) => (path === '/e?line=20' && attempt === 1 ? status(429, '60') : TOOK))
  expect(run.outcomes.size).toBe(100)
  const asked = (run.sent.find(({ path }) => path === '/e?line=20')?.at ?? 0) + 10
  expect(run.sent.filter(({ at }) => at > asked && at < asked + 60_000)).toEqual([])
})

test('a line that always fails comes back when others pass', async () => {
  const run = await deliver(1_000, (path) => (path === '/e?line=500' ? status(500) : TOOK))
  expect(run.error).toBeUndefined()
  expect(run.outcomes.get(500)).toMatchObject({ kind: 'undeliverable', attempts: 10 })
  expect(kinds(run).filter((kind) => kind === 'delivered')).toHaveLength(999)
})

test('also where it is the last one, or one of three', async () => {
  for (const lines of [3, 50]) {
    const run = await deliver(lines, (path) => (path === `/e?line=${lines}` ? status(500) : TOOK))
    expect(run.outcomes.get(lines)?.kind).toBe('undeliverable')
    expect(run.outcomes.size).toBe(lines)
  }
})

describe('an outage is none of the lines’ fault', () => {
  // prettier-ignore
  test.each<[string, number, (path: string, attempt: number) => Answer]>([
    //  what                                lines   answers
    [ 'nothing listens',                    1_000,  () => silence('ECONNREFUSED') ],
    [ 'it only ever fails',                 1_000,  () => status(500) ],
    [ 'it is busy for ever',                1_000,  () => status(503) ],
    [ 'it asks to wait for ever',           100,    () => status(429, '30') ],
    [ 'it goes down after a while',         1_000,  (path) => (Number(path.split('=')[1]) < 400 ? TOOK : status(502)) ],
    [ 'a drop of one line finds it down',   1,      () => status(500) ],
  ])('%s', async (_what, lines, answer) => {
    const run = await deliver(lines, answer)
    expect(run.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(run)).not.toContain('undeliverable')
  })
})

describe('a wrong set-up ends it at once', () => {
  // prettier-ignore
  test.each([
    //  what                    answers
    [ 'the key is wrong',       status(401) ],
    [ 'it redirects',           status(302) ],
    [ 'its certificate is old', silence('CERT_HAS_EXPIRED') ],
  ])('%s', async (_what, answer) => {
    const run = await deliver(1_000, () => answer)
    expect(run.error).toMatchObject({ name: 'SetupError', message: expect.stringContaining('Check KM_ENDPOINT, the API key') as unknown })
    expect(run.sent.length).toBeLessThanOrEqual(8)
    expect(run.outcomes.size).toBe(0)
  })

  test('a name that does not resolve is given a minute', async () => {
    const run = await deliver(10, () => silence('ENOTFOUND'))
    expect(run.error).toMatchObject({ name: 'SetupError', message: expect.stringContaining('does not resolve') as unknown })
    expect(run.elapsedMs).toBeGreaterThan(60_000)
    expect(run.elapsedMs).toBeLessThan(120_000)
  })

  test('a name that resolves again in time hurts nobody', async () => {
    const run = await deliver(10, (_path, attempt) => (attempt < 5 ? silence('EAI_AGAIN') : TOOK))
    expect(run.error).toBeUndefined()
    expect(kinds(run)).toEqual(Array.from({ length: 10 }, () => 'delivered'))
  })
})

test('stopped, it begins no further try and wakes who sleeps', async () => {
  const clock = new VirtualClock()
  const paths: string[] = []
  const delivery = new Delivery({ send: ({ path }) => Promise.resolve((paths.push(path), status(500))) }, clock, {
    maxInFlight: 2,
  })
  delivery.send([{ method: 'GET', path: '/e' }], () => undefined)
  await Promise.resolve()
  delivery.stop(new Error('enough'))
  await expect(delivery.drain()).rejects.toThrow('enough')
  expect(paths).toHaveLength(1)
})

test('whatever it answers, every line ends exactly once, or the delivery ended with an error', async () => {
  const answers = [
    TOOK,
    TOOK,
    TOOK,
    status(500),
    status(503),
    status(429, '1'),
    status(414),
    silence('ECONNRESET'),
    silence('ENOTFOUND'),
    status(400),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
      async (seed, lines, maxInFlight, worst) => {
        const chance = seeded(seed)
        const run = await deliver(lines, () => answers[Math.floor(chance() * (worst + 1))] ?? TOOK, maxInFlight)
        expect(run.mostInFlight).toBeLessThanOrEqual(maxInFlight)
        if (run.error === undefined) expect(run.outcomes.size).toBe(lines)
        else expect(['OutageError', 'SetupError']).toContain((run.error as Error).name)
      },
    ),
    { numRuns: 150 },
  )
})
