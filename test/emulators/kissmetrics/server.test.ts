import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startKissmetricsEmulator, type KissmetricsEmulator } from '../../../emulators/kissmetrics/server.ts'

const KEY = '0123456789abcdef0123456789abcdef01234567'
const T = 1_393_344_604
const NOW_MS = 1_700_000_000_000

let dir: string
let emulator: KissmetricsEmulator

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-kissmetrics-'))
  emulator = await startKissmetricsEmulator({ dir, now: () => NOW_MS })
})

afterEach(async () => {
  await emulator.stop()
  await rm(dir, { recursive: true })
})

interface Response {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: Buffer
}

/** Sends the target byte for byte: `fetch` would normalize it. */
function send(target: string, { method = 'GET', form = '', host = '127.0.0.1' } = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: emulator.port, path: target, method, headers: { host }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          resolve({ status: response.statusCode, type: response.headers['content-type'], body: Buffer.concat(chunks) })
        })
      },
    )
    request.on('error', reject)
    request.end(form)
  })
}

async function sendAll(...targets: readonly string[]): Promise<void> {
  for (const target of targets) expect((await send(target)).status).toBe(200)
}

async function ask(target: string): Promise<unknown> {
  return JSON.parse((await send(target)).body.toString())
}

const event = (person: string, name: string, time = T, more = ''): string =>
  `/e?_k=${KEY}&_p=${person}&_n=${name}&_t=${time}&_d=1${more}`
const set = (person: string, time: number, properties: string): string =>
  `/s?_k=${KEY}&_p=${person}&_t=${time}&_d=1&${properties}`
const alias = (person: string, other: string): string => `/a?_k=${KEY}&_p=${person}&_n=${other}`

describe('a tracking path answers 200 with a 1×1 GIF', () => {
  // prettier-ignore
  test.each([
    //  to                      target                                         more
    [ 'an event',               event('a', 'Joined'),                          {} ],
    [ 'properties',             set('a', T, 'plan=pro'),                       {} ],
    [ 'an alias',               alias('a', 'b'),                               {} ],
    [ 'a form',                 '/e',                                          { method: 'POST', form: event('a', 'Joined').slice(3) } ],
    [ 'nothing at all',         '/e',                                          {} ],
    [ 'an empty form',          '/s',                                          { method: 'POST' } ],
    [ 'a broken escape',        '/e?_k=K&_p=%',                                {} ],
    [ 'another method', '/e',                                        { method: 'PUT' } ],
  ])('%s', async (_to, target, more) => {
    const { status, type, body } = await send(target, more)
    expect([status, type]).toEqual([200, 'image/gif'])
    expect(body.subarray(0, 6).toString('latin1')).toBe('GIF89a')
    expect(body.subarray(6, 10)).toEqual(Buffer.from([1, 0, 1, 0])) // wide and high
  })
})

// prettier-ignore
test.each([
  //  what                           target            more                                        status
  [ 'another path',                  '/x',             {},                                         404 ],
  [ 'a tracking path in a folder',   '/e/x',           {},                                         404 ],
  [ 'an unknown person',    '/people/nobody', {},                                         404 ],
  [ 'an invalid encoding',  '/people/%',      {},                                         404 ],
  [ 'a method that could change data',          '/summary',       { method: 'DELETE' },                       405 ],
  [ 'a limit of 0',            '/events?limit=0', {},                                        400 ],
  [ 'a limit above the maximum',       '/events?limit=1001', {},                                     400 ],
  [ 'a limit in words',              '/requests?limit=all', {},                                    400 ],
  [ 'the largest limit',             '/events?limit=1000', {},                                     200 ],
  [ 'localhost',                  '/summary',       { host: 'localhost:80' },                   200 ],
  [ 'a rebound host name',      '/summary',       { host: 'evil.example' },                   403 ],
  [ 'a host name that starts like ours',  '/summary',       { host: '127.0.0.1.evil.example' },         403 ],
  [ 'an event to such a host name',       event('a', 'x'),  { host: 'evil.example:8080' },              403 ],
  [ 'a form that is too long',            '/e',             { method: 'POST', form: 'x'.repeat(1_048_577) }, 413 ],
])('%s is answered as it should be', async (_what, target, more, status) => {
  expect((await send(target, more)).status).toBe(status)
})

test('an invalid limit is answered with the valid range', async () => {
  expect(await ask('/events?limit=0')).toEqual({
    error: 'limit is "0": expected a whole number from 1 to 1000. Leave it out to get 50.',
  })
})

test('/ lists the queries', async () => {
  const { type, body } = await send('/')
  expect(type).toBe('text/plain; charset=utf-8')
  for (const question of ['/summary', '/events', '/people/IDENTITY', '/requests'])
    expect(body.toString()).toContain(`GET ${question}`)
})

test('the summary counts what was kept, repeated and ignored', async () => {
  await sendAll(
    event('a', 'Joined'),
    event('a', 'joined'), // the same: names are not case sensitive
    event('b', 'JOINED'),
    event('b', 'Left'),
    event('c', 'Left', T, '&plan=pro'),
    `/e?_k=${KEY}&_p=c&_n=Left&_t=${T}`, // without _d: at the time of arrival
    set('d', T, 'plan=pro&seats=3'),
    set('d', T, 'Plan=free'), // the same person, property and second: the first is kept
    set('d', T, 'plan=free&city=Bonn'), // the city is new
    set('d', T + 1, 'plan=free'),
    alias('a', 'x'),
    alias('x', 'a'),
    `/e?_k=${KEY}&_n=Joined&_t=${T}&_d=1`,
    `/s?_k=${KEY}&_n=Joined&_t=${T}&_d=1`,
    event('a', 'Joined', 1_230_767_999),
  )
  expect(await ask('/summary')).toEqual({
    requests: 15,
    kept: { record: 5, set: 3, alias: 1 },
    repeats: 3,
    ignored: { 'no person (_p)': 2, 'a time (_t) before 2009': 1 },
    timesUnused: 1,
    people: 4, // a who is also x, b, c, d
    events: { Left: 3, Joined: 2 },
  })
})

describe('/events lists events', () => {
  beforeEach(async () => {
    await sendAll(
      event('a', 'Joined', T, '&plan=pro&Age=32'),
      event('a', 'Joined', T, '&Age=32&plan=pro'),
      event('b', 'Left'),
      event('a', '%C3%89t%C3%A9', T + 1),
      alias('a', 'a2'),
      event('a2', 'Left'),
    )
  })

  // prettier-ignore
  test.each([
    //  query                                   events, newest first
    [ '/events',                                ['Left a2', 'Été a', 'Left b', 'Joined a'] ],
    [ '/events?limit=2',                        ['Left a2', 'Été a'] ],
    [ '/events?name=LEFT',                      ['Left a2', 'Left b'] ],
    [ '/events?name=%C3%A9T%C3%A9',             ['Été a'] ],
    [ '/events?person=b',                       ['Left b'] ],
    [ '/events?person=a2',                      ['Left a2', 'Été a', 'Joined a'] ],
    [ '/events?person=a&name=left',             ['Left a2'] ],
    [ '/events?person=B',                       [] ],
  ])('%s', async (question, expected) => {
    const events = (await ask(question)) as { event: string; person: string }[]
    expect(events.map(({ event, person }) => `${event} ${person}`)).toEqual(expected)
  })

  test('with their properties and the number of repeats', async () => {
    expect(await ask('/events?name=joined')).toEqual([
      { person: 'a', event: 'Joined', time: T, properties: { plan: 'pro', Age: '32' }, repeats: 1 },
    ])
  })
})

describe('/people shows a person', () => {
  test('by any identity, with the last value of each property, whatever the order of arrival', async () => {
    await sendAll(
      set('a', T + 5, 'plan=pro&city=Bonn'),
      set('a', T, 'plan=free&seats=3'),
      event('b', 'Moved', T + 9, '&City=Kiel'),
      event('b', 'Tried', T + 1, '&plan=trial'), // later than the free plan, earlier than the other
      alias('a', 'b'),
      alias('c%3Ad', 'b'), // a colon becomes a space
      set('stranger', T, 'plan=none'),
    )
    const known = {
      events: [
        { person: 'b', event: 'Tried', time: T + 1, properties: { plan: 'trial' }, repeats: 0 },
        { person: 'b', event: 'Moved', time: T + 9, properties: { City: 'Kiel' }, repeats: 0 },
      ],
      properties: { plan: 'pro', seats: '3', City: 'Kiel' },
    }
    expect(await ask('/people/a')).toEqual({ person: 'a', aliases: ['b', 'c d'], ...known })
    expect(await ask('/people/c:d')).toEqual({ person: 'c d', aliases: ['b', 'a'], ...known })
  })

  test('even one that only has an alias', async () => {
    await sendAll(alias('a', 'b'))
    expect(await ask('/people/b')).toEqual({ person: 'b', aliases: ['a'], events: [], properties: {} })
  })

  test('with any property name', async () => {
    await sendAll(set('a', T, '__proto__=1&constructor=2'))
    const { properties } = (await ask('/people/a')) as { properties: object }
    expect(Object.entries(properties)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
  })
})

test('/requests shows requests as received, without the key', async () => {
  await sendAll(event('a%20b', 'Joined'), '/s?_k=short&_p=%FF')
  await send('/a?', { method: 'POST', form: `_k=${KEY}&_p=a&_n=${'b'.repeat(5_000)}` })
  const at = new Date(NOW_MS).toISOString()
  expect(await ask('/requests?limit=3')).toEqual([
    {
      at,
      method: 'POST',
      path: '/a',
      parameters: `${`_k=…4567&_p=a&_n=${'b'.repeat(5_000)}`.slice(0, 4_096)}…`,
      outcome: 'ignored',
      why: 'a name (_n) of more than 255 characters',
    },
    {
      at,
      method: 'GET',
      path: '/s',
      parameters: '_k=…&_p=%FF',
      outcome: 'ignored',
      why: 'the parameters are not URL-encoded UTF-8',
    },
    { at, method: 'GET', path: '/e', parameters: `_k=…4567&_p=a%20b&_n=Joined&_t=${T}&_d=1`, outcome: 'kept' },
  ])
})

test('parameters of a form follow those of the query, and the first value of a name wins', async () => {
  await send(`/s?_k=${KEY}&_p=a&_t=${T}&_d=1`, { method: 'POST', form: '_p=b&plan=pro' })
  expect(await ask('/people/a')).toMatchObject({ properties: { plan: 'pro' } })
})

test('a restart keeps everything, and duplicates are still recognized', async () => {
  await sendAll(event('a', 'Joined'), alias('a', 'b'))
  const before = await ask('/summary')
  await emulator.stop()
  emulator = await startKissmetricsEmulator({ dir, now: () => NOW_MS })
  expect(await ask('/summary')).toEqual(before)
  await sendAll(event('a', 'Joined'), alias('b', 'a'))
  expect(await ask('/summary')).toMatchObject({ requests: 4, kept: { record: 1, alias: 1 }, repeats: 2 })
})

test('a port in use is reported, and nothing stays open', async () => {
  await expect(startKissmetricsEmulator({ dir: path.join(dir, 'other'), port: emulator.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
})
