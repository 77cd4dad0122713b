import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Memory, type Arrival } from '../../../emulators/kissmetrics/memory.ts'
import { Recall } from '../../../emulators/kissmetrics/recall.ts'
import { openStore } from '../../../emulators/kissmetrics/store.ts'

const T = 1_393_344_604

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-memory-'))
})

afterEach(async () => {
  await rm(dir, { recursive: true })
})

function arrival(number: number): Arrival {
  return { at: 1_700_000_000_000, method: 'GET', path: '/e', parameters: `_k=K&_p=p${number}&_n=n&_t=${T}&_d=1` }
}

function addAll(memory: Memory, count: number): Promise<unknown[]> {
  const told = Array.from(
    { length: count },
    (_, number) =>
      new Promise((resolve) => {
        memory.add(arrival(number), resolve)
      }),
  )
  return Promise.all(told)
}

test('what comes in one turn is written in one transaction, and told after it', async () => {
  const db = openStore(dir)
  const other = openStore(dir) // sees only what is committed
  const counts: number[] = []
  const memory = new Memory(db)
  await Promise.all(
    [0, 1, 2].map(
      (number) =>
        new Promise<void>((resolve) => {
          memory.add(arrival(number), () => {
            counts.push(new Recall(other).summary().requests)
            resolve()
          })
        }),
    ),
  )
  expect(counts).toEqual([3, 3, 3])
  db.close()
  other.close()
})

test('what cannot be written is told so, nothing of its turn is there, and the next turn goes on', async () => {
  const db = openStore(dir)
  const memory = new Memory(db)
  db.exec(`CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.person = 'p1' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
  expect(await addAll(memory, 3)).toEqual([0, 1, 2].map(() => expect.objectContaining({ message: 'disk full' })))
  expect(new Recall(db).summary().requests).toBe(0)
  db.exec('DROP TRIGGER full')
  expect(await addAll(memory, 3)).toEqual([undefined, undefined, undefined])
  expect(new Recall(db).summary()).toMatchObject({ requests: 3, kept: { record: 3 } })
  db.close()
})

test('only so many requests can be looked at, but all are counted', async () => {
  const db = openStore(dir)
  const memory = new Memory(db, 5)
  await addAll(memory, 12)
  await addAll(memory, 1)
  const recall = new Recall(db)
  expect(recall.requests(100).map(({ parameters }) => /p\d+/.exec(parameters)?.[0])).toEqual(['p0', 'p11', 'p10', 'p9', 'p8'])
  expect(recall.summary()).toMatchObject({ requests: 13, kept: { record: 12 }, repeats: 1 })
  db.close()
})

const EMULATOR = `
  import { startStandIn } from ${JSON.stringify(new URL('../../../emulators/kissmetrics/server.ts', import.meta.url).href)}
  console.log((await startStandIn({ dir: process.argv[1] })).url)
`

test('a kill in the middle loses nothing that was answered', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', EMULATOR, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close') // which may be before the last sender sees it
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

/** @returns the people whose event was answered 200; `kill` is called when so many were, with others on their way */
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
