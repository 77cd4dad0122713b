import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, jest, test } from '@jest/globals'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN } from '../support/fault-sink.ts'
import { eventually } from '../support/installation.ts'
import { runInProcess } from '../support/in-process.ts'
import { Program, run } from '../support/program.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}\n'
const BAD = '{"_p":"a","_n":"Signed Up"}\n'
const KEY = { KM_API_KEY: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00' }

/** The folders of one test. Those that start processes run at the same time, because they usually wait. */
class Place implements AsyncDisposable {
  readonly folder: string
  readonly watchedDir: string
  readonly stateDir: string
  /** The usual arguments. */
  readonly usual: readonly string[]

  private constructor(folder: string) {
    this.folder = folder
    this.watchedDir = path.join(folder, 'drop')
    this.stateDir = path.join(folder, 'state')
    const { stateDir } = this
    this.usual = ['local', '--once', '--no-samples', '--drop-dir', this.watchedDir, '--state-dir', stateDir]
  }

  static async make(): Promise<Place> {
    const place = new Place(await mkdtemp(path.join(tmpdir(), 'km-local-')))
    await mkdir(place.watchedDir)
    return place
  }

  /** As if it had been there for a while. A file that was written a moment ago may still be growing, and would have to wait. */
  async put(name: string, content: string): Promise<void> {
    const file = path.join(this.watchedDir, name)
    await writeFile(file, content)
    await utimes(file, 0, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

describe('the exit code reports the result of the files', () => {
  test('0: every line was delivered', async () => {
    await using place = await Place.make()
    await place.put('a.json', GOOD)
    const { code, stdout } = await runInProcess(place.usual)
    expect(stdout).toMatch(/^incoming\/a\.json {2}done\n {2}lines +1\n {2}delivered +1 {2}record 1\n/)
    expect(code).toBe(0)
  })

  test('1: some lines were rejected', async () => {
    await using place = await Place.make()
    await place.put('a.json', GOOD + BAD)
    const { code, stdout } = await runInProcess(place.usual)
    expect(stdout).toContain('missing_timestamp               1  line 2')
    expect(code).toBe(1)
  })

  test('0: nothing to do', async () => {
    await using place = await Place.make()
    expect(await runInProcess(place.usual)).toMatchObject({ code: 0, stdout: '' })
  })

  test('2: the endpoint denies access', async () => {
    await using place = await Place.make()
    await using sink = await startFaultSink(() => status(403))
    await place.put('a.json', GOOD)
    const { code, stderr } = await runInProcess([...place.usual, '--endpoint', sink.url], KEY)
    expect(stderr).toContain('it answered 403')
    expect(code).toBe(2)
  })

  test('2: a file cannot be read, and the others are imported', async () => {
    await using place = await Place.make()
    await symlink(path.join(place.folder, 'nowhere.json'), path.join(place.watchedDir, 'lost.json'))
    await place.put('a.json', GOOD)
    const { code, stderr, stdout } = await runInProcess(place.usual)
    expect(stderr).toContain('lost.json could not be read (ENOENT)')
    expect(stdout).toContain('incoming/a.json  done')
    expect(code).toBe(2)
  })
})

describe('invalid usage is reported in one line, with exit code 2 and without a stack trace', () => {
  // prettier-ignore
  test.each<[string, readonly string[], string]>([
    //  what                         arguments                                                       message
    [ 'an unknown flag',             ['local', '--onec'],                                            "error: unknown option '--onec'" ],
    [ 'an unknown command',          ['lokal'],                                                      "error: unknown command 'lokal'" ],
    [ 'a missing folder',            ['local', '--once', '--drop-dir', '/no/such/folder'],           'km-import: --drop-dir is "/no/such/folder": there is no such folder. Create it (mkdir -p), or name another.' ],
    [ 'not a URL as endpoint',       ['local', '--once', '--endpoint', 'nonsense'],                  'km-import: --endpoint is "nonsense": expected an address like https://trk.kissmetrics.io.' ],
    [ 'a key that is not set',       ['local', '--once', '--endpoint', 'https://trk.kissmetrics.io', '--api-key-env', 'KM_NO_SUCH'], 'km-import: No API key: the environment variable KM_NO_SUCH is not set, and --endpoint needs one. Set it (export KM_NO_SUCH=…), or name another variable with --api-key-env.' ],
    [ 'an invalid port',             ['local', '--once', '--port', 'x'],                             'km-import: --port is "x": expected a whole number from 1 to 65532. Leave it out to use free ports.' ],
  ])('%s', async (_what, args, sentence) => {
    const { code, stdout, stderr } = await runInProcess(args)
    expect(stderr.split('\n')[0]).toBe(sentence)
    expect(stderr).not.toContain('    at ')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  test('a port in use', async () => {
    await using place = await Place.make()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await runInProcess([...place.usual, '--port', String(Math.min(port, 65_532))])
    other.close()
    expect(stderr).toContain(
      `--port is "${port}": another program uses this port or one of the next three. Name another, or leave it out`,
    )
    expect(stderr).not.toContain('    at ')
    expect(code).toBe(2)
  })
})

test('--json writes the reports as one array to stdout, and nothing else', async () => {
  await using place = await Place.make()
  await place.put('a.json', GOOD)
  await place.put('b.jsonl', GOOD + BAD)
  const { stdout, code } = await runInProcess([...place.usual, '--json'])
  const reports = JSON.parse(stdout) as readonly Report[]
  expect(reports.map(({ file: { key }, state }) => `${key} ${state}`).toSorted()).toEqual([
    'incoming/a.json complete',
    'incoming/b.jsonl complete-with-rejects',
  ])
  expect(code).toBe(1)
})

test('a file is imported once, and after it has grown only its new lines', async () => {
  await using place = await Place.make()
  await place.put('a.json', GOOD)
  await runInProcess(place.usual)
  expect(await runInProcess(place.usual)).toMatchObject({ code: 0, stdout: '' })
  await place.put('a.json', GOOD + GOOD)
  expect((await runInProcess(place.usual)).stdout).toMatch(/^incoming\/a\.from-byte-\d+\.json {2}done\n {2}lines +1\n/)
})

test('files that are not files to import are skipped and reported, and do not fail the run', async () => {
  await using place = await Place.make()
  await place.put('table.txt', 'a,b\n')
  await place.put('.hidden.json', GOOD)
  await place.put('half.json.part', GOOD)
  await place.put('0000_part_00', GOOD)
  await place.put('b.JSON', GOOD)
  const { code, stdout, stderr } = await runInProcess(place.usual)
  expect(code).toBe(0)
  expect(stdout).toContain('incoming/0000_part_00  done')
  expect(stdout).toContain('incoming/b.JSON  done')
  expect(stderr).toMatch(/^skipped: .*table\.txt: The object is not a file of lines for Kissmetrics/m)
  expect(stderr).not.toContain('hidden')
  expect(stderr).not.toContain('half')
})

test.concurrent(
  'a file that is added while it runs is imported; Ctrl-C stops it cleanly, and the report is on disk',
  async () => {
    await using place = await Place.make()
    const program = new Program(place.usual.filter((flag) => flag !== '--once'))
    await eventually('the start', () => Promise.resolve(program.stderr.includes('Ctrl-C stops') ? true : undefined))
    await mkdir(path.join(place.watchedDir, 'new'))
    await place.put('new/late.json', GOOD)
    await eventually('the table', () => Promise.resolve(program.stdout.includes('dead letters') ? true : undefined))
    program.kill('SIGINT')
    const { code, stdout } = await program.ended()
    expect(stdout).toContain('incoming/new/late.json  done')
    expect(code).toBe(130)
    const file = /report +(\S+)/.exec(stdout)?.[1] ?? ''
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ state: 'complete', file: { key: 'incoming/new/late.json' } })
  },
)

test.concurrent('after a crash the next start finishes the import: every line arrives', async () => {
  await using place = await Place.make()
  const lines = Array.from({ length: 5_000 }, (_, index) => `{"_p":"p${index}","_t":1393344604,"_n":"Signed Up"}`)
  await place.put('a.json', lines.join('\n'))
  let killAt = 1_500
  await using sink = await startFaultSink(() => {
    if (killAt-- === 0) program.kill('SIGKILL')
    return TAKEN
  })
  const args = [...place.usual, '--endpoint', sink.url]
  const program = new Program(args, KEY)
  expect(await program.ended()).toMatchObject({ signal: 'SIGKILL' })
  expect(sink.taken.size).toBeLessThan(5_000)
  const { code, stdout } = await run(args, KEY)
  expect(stdout).toMatch(/lines +5,000\n {2}delivered +5,000/)
  expect(code).toBe(0)
  expect(sink.taken.size).toBe(5_000)
})

test('seven starts with a key that the endpoint denies each end with 2 and lose nothing: the eighth delivers every line', async () => {
  await using place = await Place.make()
  await place.put('a.json', GOOD + GOOD)
  await place.put('b.json', GOOD)
  let isDenied = true
  await using sink = await startFaultSink(() => (isDenied ? status(401) : TAKEN))
  const args = [...place.usual, '--json', '--endpoint', sink.url]
  for (let start = 1; start <= 7; start += 1) {
    const denied = await runInProcess(args, KEY)
    expect(denied.stderr).toContain(
      `next: fix the setup, then run the same command again; it continues:\n  npx km-import local --once`,
    )
    expect(denied).toMatchObject({ code: 2, stdout: '[]\n' })
  }
  isDenied = false
  const { code, stdout } = await runInProcess(args, KEY)
  const reports = JSON.parse(stdout) as readonly Report[]
  expect(reports.map(({ state, lines }) => [state, lines.delivered]).toSorted()).toEqual([['complete', 1], ['complete', 2]]) // prettier-ignore
  expect(code).toBe(0)
})

test.concurrent('six kills in a row, each before a line is done, only cost the wait for the lease', async () => {
  await using place = await Place.make()
  await place.put('a.json', GOOD.repeat(3))
  let program: Program | undefined
  await using sink = await startFaultSink(() => {
    program?.kill('SIGKILL')
    return program === undefined ? TAKEN : { kind: 'stall' }
  })
  const args = [...place.usual, '--endpoint', sink.url]
  for (let kill = 1; kill <= 6; kill += 1) {
    program = new Program(args, KEY)
    expect(await program.ended()).toMatchObject({ signal: 'SIGKILL' })
  }
  program = undefined
  expect(await run(args, KEY)).toMatchObject({ code: 0, stdout: expect.stringContaining('delivered            3') as unknown })
})

describe('the exit code of --once is about every import in the state folder', () => {
  test('1, as long as lines that an earlier run rejected wait', async () => {
    await using place = await Place.make()
    await place.put('a.json', GOOD + BAD)
    await runInProcess(place.usual)
    const { code, stdout, stderr } = await runInProcess(place.usual)
    expect(stderr).toContain(
      `next: 1 file with lines that were not delivered; to fix them, start the importer, and pull the lines in a second terminal:\n` +
        `  npx km-import ${place.usual.filter((arg) => arg !== '--once').join(' ')}\n` +
        `  npx km-import rejects pull -o rejects.jsonl --state-dir ${place.stateDir}\n`,
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  test('a file whose message was lost is queued again', async () => {
    await using place = await Place.make()
    await place.put('a.json', GOOD)
    await using sink = await startFaultSink(() => status(401))
    await runInProcess([...place.usual, '--endpoint', sink.url], KEY)
    await rm(path.join(place.stateDir, 'sqs'), { recursive: true })
    expect(await runInProcess(place.usual)).toMatchObject({ code: 0, stdout: expect.stringContaining('a.json  done') as unknown })
  })
})

test('an empty first start imports the samples; the next start does not', async () => {
  await using place = await Place.make()
  const args = place.usual.filter((flag) => flag !== '--no-samples')
  const { stdout, code } = await run([...args, '--json'])
  const reports = JSON.parse(stdout) as readonly Report[]
  expect(reports.map(({ file: { key } }) => key).toSorted()).toEqual([
    'incoming/samples/every-reason.jsonl',
    'incoming/samples/invalid.json',
    'incoming/samples/mixed-50000.jsonl.gz',
    'incoming/samples/valid.json',
  ])
  const mixed = reports.find(({ file: { key } }) => key.includes('mixed'))?.lines
  expect(mixed?.total).toBe(50_000)
  expect((mixed?.delivered ?? 0) + (mixed?.rejected ?? 0) + (mixed?.undeliverable ?? 0) + (mixed?.blank ?? 0)).toBe(50_000)
  expect(code).toBe(1)
  expect(JSON.parse((await runInProcess([...args, '--json'])).stdout)).toEqual([])
})

test('the help lists each flag, with an example', async () => {
  const { code, stdout } = await runInProcess(['local', '--help'])
  expect(stdout).toContain('--drop-dir <dir>')
  expect(stdout).toContain('km-import local --once --drop-dir ./exports')
  expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  expect(code).toBe(0)
})

test('--once ends if the endpoint is down, and the same command continues when it is up again', async () => {
  await using place = await Place.make()
  await place.put('a.json', GOOD)
  let isDown = true
  await using sink = await startFaultSink(() => (isDown ? { kind: 'reset', taken: false } : TAKEN))
  const args = [...place.usual, '--endpoint', sink.url]
  // Every random wait is drawn as a short one, which its range includes: ten failures take 1 s, not 36 s.
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.01)
  const down = await runInProcess(args, KEY)
  random.mockRestore()
  expect(down.stderr).toContain('incoming/a.json is not finished, because the endpoint is down.')
  expect(down.stderr).toContain(`next: to continue, run the same command again:\n  npx km-import ${args.join(' ')}\n`)
  expect(down).toMatchObject({ code: 1, stdout: '' })
  isDown = false
  expect(await runInProcess(args, KEY)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('delivered            1') as unknown,
  })
})
