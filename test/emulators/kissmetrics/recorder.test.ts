import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { RequestRecorder, type ReceivedRequest } from '../../../emulators/kissmetrics/recorder.ts'
import { Queries } from '../../../emulators/kissmetrics/queries.ts'
import { openStore } from '../../../emulators/kissmetrics/store.ts'

const T = 1_393_344_604

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-memory-'))
})

afterEach(async () => {
  await rm(dir, { recursive: true })
})

function requestOf(number: number): ReceivedRequest {
  return { at: 1_700_000_000_000, method: 'GET', path: '/e', parameters: `_k=K&_p=p${number}&_n=n&_t=${T}&_d=1` }
}

function addAll(recorder: RequestRecorder, count: number): Promise<unknown[]> {
  const committed = Array.from(
    { length: count },
    (_, number) =>
      new Promise((resolve) => {
        recorder.add(requestOf(number), resolve)
      }),
  )
  return Promise.all(committed)
}

test('requests of one turn are committed together and answered afterwards', async () => {
  const db = openStore(dir)
  const seen: unknown[] = []
  const recorder = new RequestRecorder(db)
  await Promise.all(
    [0, 1, 2].map(
      (number) =>
        new Promise<void>((resolve) => {
          recorder.add(requestOf(number), () => {
            seen.push({ requests: new Queries(db).summary().requests, isCommitted: !db.isTransaction })
            resolve()
          })
        }),
    ),
  )
  expect(seen).toEqual(Array(3).fill({ requests: 3, isCommitted: true }))
  db.close()
})

test('a failed commit fails all requests of its turn, and the next turn succeeds', async () => {
  const db = openStore(dir)
  const recorder = new RequestRecorder(db)
  db.exec(`CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.person = 'p1' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
  expect(await addAll(recorder, 3)).toEqual([0, 1, 2].map(() => expect.objectContaining({ message: 'disk full' })))
  expect(new Queries(db).summary().requests).toBe(0)
  db.exec('DROP TRIGGER full')
  expect(await addAll(recorder, 3)).toEqual([undefined, undefined, undefined])
  expect(new Queries(db).summary()).toMatchObject({ requests: 3, kept: { record: 3 } })
  db.close()
})

test('only the last requests can be shown, but all are counted', async () => {
  const db = openStore(dir)
  const recorder = new RequestRecorder(db, 5)
  await addAll(recorder, 12)
  await addAll(recorder, 1)
  const queries = new Queries(db)
  expect(queries.requests(100).map(({ parameters }) => /p\d+/.exec(parameters)?.[0])).toEqual(['p0', 'p11', 'p10', 'p9', 'p8'])
  expect(queries.summary()).toMatchObject({ requests: 13, kept: { record: 12 }, repeats: 1 })
  db.close()
})

const EMULATOR = `
  import { startKissmetricsEmulator } from ${JSON.stringify(new URL('../../../emulators/kissmetrics/server.ts', import.meta.url).href)}
  console.log((await startKissmetricsEmulator({ dir: process.argv[1] })).url)
`

test('a crash loses no answered request', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', EMULATOR, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close') // possibly before the last sender notices
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  const answered = await sendUntilKilled(url, 2_000, () => child.kill('SIGKILL'))
  await closed

  const db = openStore(dir)
  const kept = new Set(
    db
      .prepare('SELECT person FROM events')
      .all()
      .map(({ person }) => String(person)),
  )
  expect(answered.length).toBeGreaterThanOrEqual(2_000)
  expect(answered.filter((person) => !kept.has(person))).toEqual([])
  db.close()
})

/** @param count calls `kill` after this many answers, while other requests are in flight @returns the people whose event was answered with 200 */
async function sendUntilKilled(url: string, count: number, kill: () => void): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const answered: string[] = []
  let next = 0
  const sender = async (): Promise<void> => {
    for (;;) {
      const person = `p${(next += 1)}`
      const isAnswered = await new Promise<boolean>((resolve) => {
        get(`${url}/e?_k=K&_p=${person}&_n=n&_t=${T}&_d=1`, { agent }, (response) => {
          if (response.statusCode === 200) answered.push(person)
          if (answered.length === count) kill()
          response.resume().on('close', () => {
            resolve(response.complete)
          })
        }).on('error', () => {
          resolve(false)
        })
      })
      if (!isAnswered) return
    }
  }
  await Promise.all(Array.from({ length: 32 }, sender))
  agent.destroy()
  return answered
}
