import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Delivery, type Outcome } from '../../../lambda/deliver/delivery.ts'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import type { Request } from '../../../lambda/parse/request.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'
import { roomIn } from '../../support/room-in.ts'

const ACCEPTED: Answer = { kind: 'status', status: 200 }
const status = (code: number, retryAfter?: string): Answer => ({
  kind: 'status',
  status: code,
  ...(retryAfter !== undefined && { retryAfter }),
})
const noAnswer = (code: string): Answer => ({ kind: 'no-answer', code })

const START = new VirtualClock().now()

interface Run {
  readonly outcomes: ReadonlyMap<number, Outcome>
  readonly error: unknown
  readonly sent: readonly { readonly path: string; readonly at: number }[]
  readonly maxSeenInFlight: number
  readonly elapsedMs: number
}

/** Sends so many lines, of one request each, to an endpoint that answers after 10 ms. */
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
  let maxSeenInFlight = 0
  const endpoint = promisedEndpoint(async ({ path }) => {
    inFlight += 1
    maxSeenInFlight = Math.max(maxSeenInFlight, inFlight)
    sent.push({ path, at: clock.now() - start })
    const attempt = (attempts.get(path) ?? 0) + 1
    attempts.set(path, attempt)
    await clock.sleep(10)
    inFlight -= 1
    return answer(path, attempt, clock)
  })
  const backPressure = new BackPressure()
  const delivery = new Delivery(endpoint, clock, backPressure, { maxInFlight })
  const outcomes = new Map<number, Outcome>()
  let error: unknown
  try {
    for (let line = 1; line <= lines; line += 1) {
      if (!backPressure.hasRoom) await roomIn(backPressure)
      delivery.send(requestsOf(line), (outcome) => {
        if (outcomes.has(line)) throw new Error(`line ${line} ended twice`)
        outcomes.set(line, outcome)
      })
    }
    await delivery.drain()
  } catch (thrown) {
    error = thrown
  }
  return { outcomes, error, sent, maxSeenInFlight, elapsedMs: clock.now() - start }
}

const kinds = ({ outcomes }: Run): readonly string[] => [...outcomes.values()].map(({ kind }) => kind)

test('every line is delivered, and the maximum in flight is used and not exceeded', async () => {
  const run = await deliver(100, () => ACCEPTED, 8)
  expect(run.outcomes.size).toBe(100)
  expect(new Set(kinds(run))).toEqual(new Set(['delivered']))
  expect(run.maxSeenInFlight).toBe(8)
})

test('a failed request is retried until it is accepted', async () => {
  const isUnlucky = (path: string): boolean => Number(path.split('=')[1]) % 4 === 0
  const run = await deliver(20, (path, attempt) => (isUnlucky(path) && attempt < 4 ? status(500) : ACCEPTED))
  expect(new Set(kinds(run))).toEqual(new Set(['delivered']))
  for (const [line, { attempts }] of run.outcomes) expect(attempts).toBe(line % 4 === 0 ? 4 : 1)
  expect(run.outcomes.size).toBe(20)
})

test('the requests of a line go one after the other, the second only when the first was accepted', async () => {
  const requestsOf = (line: number): readonly Request[] => [
    { method: 'GET', path: `/e?line=${line}` },
    { method: 'GET', path: `/a?line=${line}` },
  ]
  const run = await deliver(3, (path, attempt) => (path.startsWith('/e') && attempt < 3 ? status(500) : ACCEPTED), 8, requestsOf)
  for (const line of [1, 2, 3]) {
    expect(run.sent.map(({ path }) => path).filter((path) => path.endsWith(`=${line}`))).toEqual([
      ...Array.from({ length: 3 }, () => `/e?line=${line}`),
      `/a?line=${line}`,
    ])
  }
  expect([...run.outcomes.values()].map(({ attempts }) => attempts)).toEqual([4, 4, 4])
})

test('a Retry-After makes its line wait, and no other', async () => {
  const run = await deliver(100, (path, attempt) => (path === '/e?line=20' && attempt === 1 ? status(429, '60') : ACCEPTED))
  const [asked, again] = run.sent.filter(({ path }) => path === '/e?line=20').map(({ at }) => at)
  expect(again! - asked!).toBeGreaterThanOrEqual(60_000)
  expect(again! - asked!).toBeLessThan(80_000)
  expect(run.sent.filter(({ at }) => at < asked! + 200)).toHaveLength(100)
})

test('if most lines get a Retry-After, all wait', async () => {
  const run = await deliver(200, (_path, attempt, clock) => {
    const isBusy = attempt === 1 && clock.now() - START < 100
    return isBusy ? status(429, '60') : ACCEPTED
  })
  expect(run.outcomes.size).toBe(200)
  expect(run.sent.filter(({ at }) => at > 200 && at < 60_000)).toEqual([])
})

test('a pause is reported once, however many lines are asked to wait, and again when another begins', async () => {
  const clock = new VirtualClock()
  const start = clock.now()
  const pauses: (readonly [number, number])[] = []
  const isBusy = (ms: number): boolean => ms < 10 || (ms > 65_000 && ms < 65_100)
  const endpoint = promisedEndpoint(async () => {
    const ms = clock.now() - start
    await clock.sleep(10)
    return isBusy(ms) ? status(503, '30') : ACCEPTED
  })
  const onPause = (ms: number): void => void pauses.push([Math.floor((clock.now() - start) / 1000), ms])
  const backPressure = new BackPressure()
  const delivery = new Delivery(endpoint, clock, backPressure, { maxInFlight: 8, onPause })
  while (clock.now() - start < 100_000) {
    if (!backPressure.hasRoom) await roomIn(backPressure)
    delivery.send([{ method: 'GET', path: '/e' }], () => undefined)
  }
  await delivery.drain()
  expect(pauses).toEqual([
    [0, 30_000],
    [65, 30_000],
  ])
})

test('a line that always fails is undeliverable if others pass', async () => {
  const run = await deliver(1_000, (path) => (path === '/e?line=500' ? status(500) : ACCEPTED))
  expect(run.error).toBeUndefined()
  expect(run.outcomes.get(500)).toMatchObject({ kind: 'undeliverable', attempts: 10 })
  expect(kinds(run).filter((kind) => kind === 'delivered')).toHaveLength(999)
})

test('a line that is refused as bad is undeliverable after three tries, within a second', async () => {
  const run = await deliver(1_000, (path) => (path === '/e?line=500' ? status(400) : ACCEPTED))
  expect(run.outcomes.get(500)).toMatchObject({ kind: 'undeliverable', attempts: 3 })
  const tries = run.sent.filter(({ path }) => path === '/e?line=500').map(({ at }) => at)
  expect(tries.at(-1)! - tries[0]!).toBeLessThan(1_000)
})

test('an outage that begins with 400 makes no line undeliverable, even if answers from before it arrive later', async () => {
  const clock = new VirtualClock()
  const start = clock.now()
  const outcomes: Outcome[] = []
  // Every second request takes long. So while the others fail already, those from before the outage are still being accepted.
  const endpoint = promisedEndpoint(async ({ path }) => {
    const isDown = clock.now() - start >= 2_000
    await clock.sleep(Number(path.split('=')[1]) % 2 === 0 && !isDown ? 2_000 : 10)
    return isDown ? status(400) : ACCEPTED
  })
  const backPressure = new BackPressure()
  const delivery = new Delivery(endpoint, clock, backPressure, { maxInFlight: 64 })
  let line = 0
  const error = await (async () => {
    for (;;) {
      if (!backPressure.hasRoom) await roomIn(backPressure)
      delivery.send([{ method: 'GET', path: `/e?line=${(line += 1)}` }], (outcome) => outcomes.push(outcome))
    }
  })().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'OutageError' })
  expect(outcomes.filter(({ kind }) => kind === 'undeliverable')).toEqual([])
})

describe('each try after a lost answer may be a repeat', () => {
  // prettier-ignore
  test.each<[string, readonly Answer[], number]>([
    //  answers, and then accepted                 tries that may be repeats
    [ 'a cut connection',                          [noAnswer('ECONNRESET')],                              1 ],
    [ 'two cut connections',                       [noAnswer('ECONNRESET'), noAnswer('ECONNRESET')],      2 ],
    [ 'a timeout',                                 [noAnswer('UND_ERR_HEADERS_TIMEOUT')],                 1 ],
    [ 'a server error',                            [status(500)],                                         1 ],
    [ 'a gateway error, and then busy',            [status(502), status(429)],                            1 ],
    [ 'busy (503), twice',                         [status(503), status(503)],                            2 ],
    [ 'too many requests, twice',                  [status(429), status(429)],                            0 ],
    [ 'a bad request',                             [status(400)],                                         0 ],
    [ 'connection refused',                        [noAnswer('ECONNREFUSED')],                            0 ],
  ])('%s', async (_what, answers, repeats) => {
    const clock = new VirtualClock()
    let sent = 0
    let repeated = 0
    const endpoint = promisedEndpoint(() => Promise.resolve(answers[sent++] ?? ACCEPTED))
    const onRepeat = (): void => void (repeated += 1)
    const delivery = new Delivery(endpoint, clock, new BackPressure(), { maxInFlight: 8, onRepeat })
    delivery.send([{ method: 'GET', path: '/e' }], () => undefined)
    await delivery.drain()
    expect(repeated).toBe(repeats)
  })
})

test('even if it is the last line, or one of three', async () => {
  for (const lines of [3, 50]) {
    const run = await deliver(lines, (path) => (path === `/e?line=${lines}` ? status(500) : ACCEPTED))
    expect(run.outcomes.get(lines)?.kind).toBe('undeliverable')
    expect(run.outcomes.size).toBe(lines)
  }
})

describe('if the last line fails and there is no other to compare it with, a known-good request is sent again', () => {
  const isLast = (path: string) => path === '/e?line=5'
  const repeated = (run: Run) =>
    run.sent.map(({ path }) => path).filter((path, at, all) => !isLast(path) && all.indexOf(path) !== at)

  test('accepted: the line is undeliverable', async () => {
    const run = await deliver(5, (path) => (isLast(path) ? status(500) : ACCEPTED))
    expect(run.outcomes.get(5)).toMatchObject({ kind: 'undeliverable', attempts: 12 })
    expect(repeated(run)).toHaveLength(3)
  })

  // prettier-ignore
  test.each<[string, (attempt: number) => Answer]>([
    //  what the line is answered
    [ '429 for five minutes, and then 500',  (attempt) => (attempt <= 9 ? status(429, '30') : attempt === 10 ? status(500) : ACCEPTED) ],
    [ '500 ten times, and once more',        (attempt) => (attempt <= 11 ? status(500) : ACCEPTED) ],
  ])('accepted, but what failed before may have been an outage (%s): the line is delivered', async (_what, answer) => {
    const run = await deliver(5, (path, attempt) => (isLast(path) ? answer(attempt) : ACCEPTED))
    expect(run.outcomes.get(5)).toMatchObject({ kind: 'delivered' })
  })

  test('not accepted: an outage began with that line', async () => {
    const run = await deliver(5, (path, attempt) => (isLast(path) || attempt > 1 ? noAnswer('ECONNREFUSED') : ACCEPTED))
    expect(run.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(run)).not.toContain('undeliverable')
    expect(repeated(run)).toHaveLength(1)
  })

  test('no known-good request: it may be an outage', async () => {
    const run = await deliver(1, () => status(500))
    expect(run.error).toMatchObject({ name: 'OutageError' })
  })
})

describe('an outage makes no line undeliverable', () => {
  // prettier-ignore
  test.each<[string, number, (path: string, attempt: number) => Answer]>([
    //  what                                lines   answers
    [ 'connections refused',                   1_000,  () => noAnswer('ECONNREFUSED') ],
    [ 'always fails',                 1_000,  () => status(500) ],
    [ 'always busy',                1_000,  () => status(503) ],
    [ 'always asks to wait',           100,    () => status(429, '30') ],
    [ 'goes down after a while',         1_000,  (path) => (Number(path.split('=')[1]) < 400 ? ACCEPTED : status(502)) ],
    [ 'a file of one line',   1,      () => status(500) ],
  ])('%s', async (_what, lines, answer) => {
    const run = await deliver(lines, answer)
    expect(run.error).toMatchObject({ name: 'OutageError' })
    expect(kinds(run)).not.toContain('undeliverable')
  })
})

describe('a wrong setup ends the delivery immediately', () => {
  // prettier-ignore
  test.each([
    //  what                    answers
    [ 'a wrong API key',       status(401) ],
    [ 'a redirect',           status(302) ],
    [ 'an expired certificate', noAnswer('CERT_HAS_EXPIRED') ],
  ])('%s', async (_what, answer) => {
    const run = await deliver(1_000, () => answer)
    expect(run.error).toMatchObject({ name: 'SetupError', message: expect.stringContaining('Check its address (https://endpoint.test), the API key') as unknown })
    expect(run.sent.length).toBeLessThanOrEqual(8)
    expect(run.outcomes.size).toBe(0)
  })

  test('unless the name does not resolve: that is retried for a minute', async () => {
    const run = await deliver(10, () => noAnswer('ENOTFOUND'))
    expect(run.error).toMatchObject({ name: 'SetupError', message: expect.stringContaining('does not resolve') as unknown })
    expect(run.elapsedMs).toBeGreaterThan(60_000)
    expect(run.elapsedMs).toBeLessThan(120_000)
  })

  test('a name that resolves again within a minute does no harm', async () => {
    const start = new VirtualClock().now()
    const run = await deliver(10, (_path, _attempt, clock) => (clock.now() - start < 40_000 ? noAnswer('EAI_AGAIN') : ACCEPTED))
    expect(run.error).toBeUndefined()
    expect(kinds(run)).toEqual(Array.from({ length: 10 }, () => 'delivered'))
  })
})

describe('after stop', () => {
  const enough = new Error('enough')
  const requests = (line: number): readonly Request[] => [
    { method: 'GET', path: `/e?line=${line}` },
    { method: 'GET', path: `/a?line=${line}` },
  ]

  /** A delivery with two lines in flight, whose endpoint answers when the test says so, and a reader that waits for room. */
  async function halfWay() {
    const clock = new VirtualClock()
    const open = new Map<string, (answer: Answer) => void>()
    const endpoint = promisedEndpoint(({ path }) => new Promise((resolve) => open.set(path, resolve)))
    const backPressure = new BackPressure()
    const delivery = new Delivery(endpoint, clock, backPressure, { maxInFlight: 2 })
    const outcomes: (readonly [number, Outcome])[] = []
    for (const line of [1, 2]) delivery.send(requests(line).slice(0, line), (outcome) => outcomes.push([line, outcome]))
    const reader = roomIn(backPressure).then(
      () => 'has room',
      (error: unknown) => error,
    )
    await Promise.resolve()
    return { delivery, backPressure, open, outcomes, reader }
  }

  test('lines in flight end and are reported, no other request begins, and then drain throws', async () => {
    const { delivery, backPressure, open, outcomes, reader } = await halfWay()
    delivery.stop(enough)
    expect(backPressure.hasRoom).toBe(false)
    expect(await reader).toBe(enough)
    const drained = expect(delivery.drain()).rejects.toBe(enough)
    expect(outcomes).toEqual([])
    open.get('/e?line=2')?.(ACCEPTED)
    open.get('/e?line=1')?.(ACCEPTED)
    await drained
    expect(outcomes).toEqual([[1, { kind: 'delivered', attempts: 1 }]]) // line 2 has an alias that was not sent
    expect([...open.keys()]).toEqual(['/e?line=1', '/e?line=2'])
    await expect(roomIn(backPressure)).rejects.toBe(enough)
  })

  test('drain waits for what is in flight', async () => {
    const { delivery, open } = await halfWay()
    delivery.stop(enough)
    let isDrained = false
    const drained = delivery.drain().catch(() => (isDrained = true))
    open.get('/e?line=1')?.(ACCEPTED)
    await new Promise(setImmediate)
    expect(isDrained).toBe(false)
    open.get('/e?line=2')?.(ACCEPTED)
    await drained
    expect(isDrained).toBe(true)
  })

  test.each([
    ['a server error', status(500)],
    ['a cut connection, which is otherwise retried at once', noAnswer('ECONNRESET')],
    ['a Retry-After', status(429, '60')],
  ])('%s is not retried', async (_what, answer) => {
    const { delivery, open, outcomes } = await halfWay()
    delivery.stop(enough)
    for (const resolve of open.values()) resolve(answer)
    await expect(delivery.drain()).rejects.toBe(enough)
    expect(outcomes).toEqual([])
    expect(open.size).toBe(2)
  })

  test('the first error wins', async () => {
    const { delivery, open } = await halfWay()
    delivery.stop(enough)
    delivery.stop(new Error('more than enough'))
    for (const resolve of open.values()) resolve(status(401))
    await expect(delivery.drain()).rejects.toBe(enough)
  })

  // prettier-ignore
  test.each<[string, readonly Answer[], number, number]>([
    //  a line waits               answers, and then always 500        lines per second   stopped after requests
    [ 'for its backoff',     [],                                 0,                 4 ],
    [ 'for a pause',     [status(429, '60')],                0,                 4 ],
    [ 'to probe the endpoint',     [],                                 0,                 10 ],
    [ 'for the rate limit',              [ACCEPTED],                             1,                 1 ],
  ])('a line that waits %s ends at once', async (_what, answers, maxLinesPerSecond, stopAfter) => {
    const clock = new VirtualClock()
    let sent = 0
    const endpoint = promisedEndpoint(() => Promise.resolve(answers[sent++] ?? status(500)))
    const backPressure = new BackPressure()
    const delivery = new Delivery(endpoint, clock, backPressure, { maxInFlight: 4, maxLinesPerSecond })
    for (let line = 1; line <= 4; line += 1) delivery.send(requests(line), () => undefined)
    while (sent < stopAfter) await new Promise(setImmediate)
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
    const now = clock.now()
    delivery.stop(enough)
    await expect(delivery.drain()).rejects.toBe(enough)
    expect(sent).toBe(stopAfter)
    expect(clock.now()).toBe(now)
  })
})

test('whatever the endpoint answers, every line ends exactly once, or the delivery ends with an error', async () => {
  const answers = [
    ACCEPTED,
    ACCEPTED,
    ACCEPTED,
    status(500),
    status(503),
    status(429, '1'),
    status(414),
    noAnswer('ECONNRESET'),
    noAnswer('ENOTFOUND'),
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
        const run = await deliver(lines, () => answers[Math.floor(chance() * (worst + 1))] ?? ACCEPTED, maxInFlight)
        expect(run.maxSeenInFlight).toBeLessThanOrEqual(maxInFlight)
        if (run.error === undefined) expect(run.outcomes.size).toBe(lines)
        else expect(['OutageError', 'SetupError']).toContain((run.error as Error).name)
      },
    ),
    { numRuns: 150 },
  )
})
