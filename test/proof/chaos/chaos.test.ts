import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { eventually } from '../../support/installation.ts'
import { check, RULES, type Findings, type RuleName } from './check.ts'
import { planKills } from './kill-plan.ts'
import { CANARY, generateLines, REFUSED } from './test-file.ts'
import { MANIFEST, type Manifest, type AcceptedRequest } from './evidence.ts'
import { ExpectedLines } from './expected-lines.ts'
import { StallDetector } from './stall-detector.ts'
import { expectedOutcome } from './expected-outcome.ts'

const LINES = 2_000
const RULE = { maxLineBytes: 262_144, refused: REFUSED }

let folder: string
let evidence: string
let result: { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** One short run, which gives the evidence for all tests below. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-chaos-test-'))
  evidence = path.join(folder, 'evidence')
  result = await node(
    'run.ts',
    '--lines',
    String(LINES),
    '--kills',
    '6',
    '--seed',
    '7',
    '--in-flight',
    '16',
    '--evidence',
    evidence,
  )
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

function start(program: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [path.join(import.meta.dirname, program), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function node(program: string, ...args: readonly string[]): Promise<typeof result> {
  const child = start(program, ...args)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

describe('two thousand lines, six kills', () => {
  test('the checker finds that every promise is kept', () => {
    expect(result).toMatchObject({ code: 0 })
    expect(result.stdout).toMatch(/^lines +2,080 in 4 files$/m)
    expect(result.stdout).toMatch(/^kills +6, /m)
    expect(result.stdout).toMatch(/^lost +0$/m)
    expect(result.stdout).toMatch(/^identity +exact$/m)
    expect(result.stdout).not.toContain('VIOLATED')
  })

  test('kills, lost answers and rejected lines really happened', async () => {
    const run = JSON.parse(await readFile(path.join(evidence, MANIFEST), 'utf8')) as Manifest
    const accepted = (await requests(evidence)).map(({ request }) => request)
    expect(run.killedAtWork).toBeGreaterThan(0)
    expect(accepted.filter(({ isAmbiguous }) => isAmbiguous).length).toBeGreaterThan(0)
    expect(new Set(accepted.map(({ method }) => method))).toEqual(new Set(['GET', 'POST']))
    expect(new Set(accepted.map(({ target }) => target.slice(0, 2)))).toEqual(new Set(['/e', '/s', '/a']))
    expect((await deadLetters(evidence)).length).toBeGreaterThan(10)
  })
})

/** A request of the sink's log, and the number of its person. */
interface Found {
  readonly request: AcceptedRequest
  readonly number: number
}

async function requests(where: string): Promise<Found[]> {
  const text = await readFile(path.join(where, 'sink.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const request = JSON.parse(line) as AcceptedRequest
      return { request, number: Number(new RegExp(`_p=${CANARY}-(\\d+)`).exec(request.target + request.body)?.[1]) }
    })
}

interface DeadLetter {
  kind: string
  reason: string
  detail: string
  source: { key: string; versionId: string; line: number; byteStart: number; byteEnd: number }
  line?: string
}

async function deadLetters(where: string): Promise<DeadLetter[]> {
  const text = await readFile(path.join(where, 'dead-letters.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DeadLetter)
}

const asLines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')

/** @returns a function that changes the sink's log in a folder of evidence */
function requestsChanged(change: (all: Found[]) => readonly AcceptedRequest[]) {
  return async (where: string): Promise<void> => {
    await writeFile(path.join(where, 'sink.jsonl'), asLines(change(await requests(where))))
  }
}

function deadLettersChanged(change: (all: DeadLetter[]) => readonly unknown[]) {
  return async (where: string): Promise<void> => {
    await writeFile(path.join(where, 'dead-letters.jsonl'), asLines(change(await deadLetters(where))))
  }
}

/** Changes the dead letters of one line of the big file. */
function deadLetterChanged(change: (deadLetter: DeadLetter) => DeadLetter) {
  return deadLettersChanged((all) => {
    const [first] = all
      .filter(({ line, source }) => line !== undefined && source.line > 1 && source.key.endsWith('big.json'))
      .toSorted((a, b) => a.source.line - b.source.line)
    return all.map((deadLetter) => (isSame(deadLetter.source, first!.source) ? change(deadLetter) : deadLetter))
  })
}

function reportChanged(change: (report: string) => string) {
  return fileChanged('big.json.report.json', change)
}

function fileChanged(file: string, change: (text: string) => string) {
  return async (where: string): Promise<void> => {
    const text = await readFile(path.join(where, file), 'utf8')
    const changed = change(text)
    if (changed === text) throw new Error(`${file} was not changed`)
    await writeFile(path.join(where, file), changed)
  }
}

const plain = (all: readonly Found[]): AcceptedRequest[] => all.map(({ request }) => request)

/** A GET request that is the only request of its line in the big file. */
function onlyOne(all: readonly Found[]): Found {
  const times = Map.groupBy(all, ({ number }) => number)
  return all.find(({ number, request }) => number <= LINES && times.get(number)?.length === 1 && request.method === 'GET')!
}

function oneChanged(change: (request: AcceptedRequest) => AcceptedRequest) {
  return requestsChanged((all) => {
    const one = onlyOne(all)
    return plain(all).map((request) => (request === one.request ? change(request) : request))
  })
}

/** Adds a second attempt whose answer was lost, so that it does not count as a repeat. */
function oneMore(change: (request: AcceptedRequest) => AcceptedRequest) {
  return requestsChanged((all) => [...plain(all), change({ ...onlyOne(all).request, isAmbiguous: true })])
}

const onceMore = requestsChanged((all) => [...plain(all), onlyOne(all).request])

const both = (first: Tampering, second: Tampering) => async (where: string) => {
  await first(where)
  await second(where)
}

const inTarget = (from: string | RegExp, to: string) => (request: AcceptedRequest) => ({
  ...request,
  target: request.target.replace(from, to),
})

const plusOne = (name: string) => (text: string) =>
  text.replace(new RegExp(`"${name}":\\s*(\\d+)`), (_all, figure: string) => `"${name}":${Number(figure) + 1}`)

const elsewhere = (change: Partial<DeadLetter['source']>) => (deadLetter: DeadLetter) => ({
  ...deadLetter,
  source: { ...deadLetter.source, ...change },
})

/** A correct dead letter about the first valid line of the big file. */
async function needlessDeadLetter(where: string): Promise<void> {
  const bytes = await readFile(path.join(where, 'big.json'))
  const lines = new ExpectedLines('', bytes, RULE, () => undefined)
  let line = 1
  while (lines.outcome(line).end !== 'delivered') line += 1
  const { start: byteStart, end: byteEnd } = lines.range(line)
  await deadLettersChanged((all) => {
    const { source } = all.find((deadLetter) => deadLetter.source.key.endsWith('big.json'))!
    return [...all, { ...all[0], source: { ...source, line, byteStart, byteEnd }, line: lines.bytes(line).toString() }]
  })(where)
}

type Tampering = (where: string) => Promise<void>

// prettier-ignore
const TAMPERED: readonly (readonly [what: string, tamper: Tampering, rules: readonly RuleName[]])[] = [
  //  what is wrong                                    made by                                                                                  violates
  ['the only request of a line is missing',            requestsChanged((all) => without(all, onlyOne(all))),     ['lost']],
  ['the alias of a line with an event is missing',     requestsChanged((all) => without(all, aliasOfEvent(all))), ['lost']],
  ['no line of a file was accepted',                   requestsChanged((all) => plain(all.filter(({ number }) => number <= LINES))),                     ['lost']],
  ['a line was accepted once too often',               tooOften((times) => requestsChanged((all) => [...plain(all), ...copies(times, onlyOne(all).request)])), ['repeats']],
  ['more lines are repeated than promised',            both(onceMore, fileChanged(MANIFEST, (text) => text.replace(/"maxRepeatsEach": \d+/, '"maxRepeatsEach": 0'))),         ['repeats']],
  ['more lines are repeated than the report allows',   both(onceMore, reportChanged((text) => text.replace(/"repeatsPossible":\s*\d+/, '"repeatsPossible":0'))),       ['repeats']],
  ['a dead letter is repeated once too often',          tooOften((times) => deadLettersChanged((all) => [...all, ...copies(times, all.find(({ line = '' }) => line.length < 1_000))])),             ['repeats']],
  ['a request has another time',                       oneChanged(inTarget(/_t=\d/, '_t=2')),                                                            ['wrong']],
  ['a request has another value',                      oneChanged(inTarget(/price=/, 'price=1')),                                                        ['wrong']],
  ['a request has a property too few',                 oneChanged(inTarget(/&trial=\w+/, '')),                                                           ['wrong']],
  ['a request has a property too many',                oneChanged(inTarget(/$/, '&more=1')),                                                             ['wrong']],
  ['a request lacks _d=1',                             oneChanged(inTarget('&_d=1', '')),                                                                ['wrong']],
  ['a request has another key',                        oneChanged(inTarget('_k=c', '_k=d')),                                                             ['wrong']],
  ['a request has no key',                             oneChanged(inTarget(/_k=\w+&/, '')),                                                              ['wrong']],
  ['a request has two keys',                           oneChanged(inTarget(/$/, '&_k=line')),                                                            ['wrong']],
  ['a repeat has its parameters in another order',     oneMore(inTarget(/(&_t=\d+)(&_d=1)/, '$2$1')),                                                    ['inconsistent']],
  ['a repeat is escaped differently',                  oneMore(inTarget('example.com', '%65xample.com')),                                                ['inconsistent']],
  ['a repeat has another time',                        oneMore(inTarget(/_t=\d/, '_t=2')),                                                               ['wrong', 'inconsistent']],
  ['a request has another path',                       oneMore(inTarget(/^\/\w/, '/x')),                                                                 ['stray']],
  ['a request is about an unknown person',             oneMore(inTarget(/canary-\d+/, 'canary-9999999')),                                                ['stray']],
  ['a request is about an invalid line',               strayRequest,                                                                                     ['stray']],
  ['a dead letter is missing',                         deadLettersChanged(([first, ...others]) => others.filter(({ source }) => !isSame(source, first!.source))), ['unreported']],
  ['a dead letter has another line number',            deadLetterChanged((deadLetter) => elsewhere({ line: deadLetter.source.line + 1 })(deadLetter)),                  ['unfaithful', 'unreported', 'needless']],
  ['a dead letter begins a byte too late',             deadLetterChanged((deadLetter) => elsewhere({ byteStart: deadLetter.source.byteStart + 1 })(deadLetter)),        ['unfaithful']],
  ['a dead letter ends a byte too early',              deadLetterChanged((deadLetter) => elsewhere({ byteEnd: deadLetter.source.byteEnd - 1 })(deadLetter)),            ['unfaithful']],
  ['a dead letter names another version',              deadLetterChanged(elsewhere({ versionId: 'other' })),                                                 ['unfaithful']],
  ['a dead letter has another text',                   deadLetterChanged((deadLetter) => ({ ...deadLetter, line: `${deadLetter.line ?? ''} ` })),                       ['unfaithful']],
  ['a dead letter has no text',                        deadLetterChanged(({ line: _line, ...deadLetter }) => deadLetter),                                            ['unfaithful']],
  ['a dead letter has another reason',                 deadLetterChanged((deadLetter) => ({ ...deadLetter, reason: 'invalid_alias' })),                              ['reason']],
  ['a dead letter is about a valid line',              needlessDeadLetter,                                                                                   ['needless']],
  ['a dead letter is about a missing line',            deadLettersChanged((all) => [...all, elsewhere({ line: LINES + 1 })(all[0]!)]),                            ['needless']],
  ['a dead letter is about a whole file',              deadLettersChanged((all) => [...all, { ...all[0]!, kind: 'file' }]),                                  ['needless']],
  ['a dead letter quotes an identity',                 deadLetterChanged((deadLetter) => ({ ...deadLetter, detail: `${deadLetter.detail} ${CANARY}-1` })),               ['leaked']],
  ['a dead letter has the key in it',                  deadLetterChanged((deadLetter) => ({ ...deadLetter, detail: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00' })),   ['leaked']],
  ['a report has one line more',                       reportChanged(plusOne('total')),                                                                  ['report']],
  ['a report adds up but is wrong',                    reportChanged((text) => plusOne('total')(plusOne('delivered')(text))),                            ['report']],
  ['a report has a blank line too many',               reportChanged(plusOne('blank')),                                                                  ['report']],
  ['a report has an alias too many',                   reportChanged(plusOne('alias')),                                                                  ['report']],
  ['a report counts a reason wrongly',                 reportChanged(plusOne('count')),                                                                  ['report']],
  ['a report ends a second later',                     reportChanged(plusOne('last')),                                                                   ['report']],
  ['a report says that no line was rejected',          reportChanged((text) => text.replace('complete-with-rejects', 'complete')),                       ['report']],
  ['a report quotes an identity',                      reportChanged((text) => text.replace('"state"', `"person":"${CANARY}-1","state"`)),              ['leaked']],
  ['the log quotes an identity',                       fileChanged('importer.log', (text) => `${text}\nno answer for ${CANARY}-17@example.com\n`),       ['leaked']],
  ['the log has the key in it',                        fileChanged('importer.log', (text) => `${text}/e?_k=c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00&\n`), ['leaked']],
]

/** The alias request of a line that also has an event and was not repeated. */
function aliasOfEvent(all: readonly Found[]): Found {
  const [, found] = [...Map.groupBy(all, ({ number }) => number)].find(
    ([, ofLine]) =>
      ofLine
        .map(({ request }) => request.target.slice(0, 2))
        .toSorted()
        .join('') === '/a/e',
  )!
  return found.find(({ request }) => request.target.startsWith('/a'))!
}

function without(all: readonly Found[], one: Found): AcceptedRequest[] {
  return plain(all.filter((found) => found !== one))
}

/** @param change repeats something this many times: once more than the run may repeat lines in all */
function tooOften(change: (times: number) => Tampering): Tampering {
  return async (where) => {
    const run = JSON.parse(await readFile(path.join(where, MANIFEST), 'utf8')) as Manifest
    await change((run.killedAtWork + run.requeued) * run.maxRepeatsEach + 1)(where)
  }
}

function copies<T>(times: number, value: T): T[] {
  return Array.from({ length: times }, () => value)
}

function isSame(a: DeadLetter['source'], b: DeadLetter['source']): boolean {
  return a.key === b.key && a.line === b.line
}

/** A request for the person of a line without a timestamp. */
async function strayRequest(where: string): Promise<void> {
  const text = (await deadLetters(where)).find(({ reason }) => reason === 'missing_timestamp')?.line
  const number = new RegExp(`${CANARY}-(\\d+)`).exec(text!)?.[1]
  await oneMore(inTarget(/canary-\d+/, `canary-${number}`))(where)
}

describe('the checker', () => {
  async function checked(tamper: Tampering): Promise<{ readonly where: string; readonly findings: Findings }> {
    const where = await mkdtemp(path.join(folder, 'tampered-'))
    await cp(evidence, where, { recursive: true })
    await tamper(where)
    return { where, findings: await check(where) }
  }

  test('finds nothing in unchanged evidence', async () => {
    const { findings } = await checked(() => Promise.resolve())
    expect(findings).toMatchObject({ violations: new Map(), count: 0 })
  })

  test.each(TAMPERED)('finds that %s', async (_what, tamper, rules) => {
    const { findings } = await checked(tamper)
    expect([...findings.violations.keys()].toSorted()).toEqual([...rules].toSorted())
  })

  test('is tested with a violation of every rule', () => {
    expect(new Set(TAMPERED.flatMap(([, , rules]) => rules))).toEqual(new Set(Object.keys(RULES)))
  })

  test('exits with 1, names the violated rule, and lists the first twenty violations', async () => {
    const { where, findings } = await checked(requestsChanged((all) => plain(all).slice(0, 100)))
    expect(findings.count).toBeGreaterThan(LINES / 2)
    const { code, stdout } = await node('check.ts', where)
    expect(code).toBe(1)
    expect(stdout).toContain(`VIOLATED: ${RULES.lost}`)
    expect(stdout.match(/^ {2}line \d+ of incoming/gm)).toHaveLength(20)
  })

  test('imports no code of the importer and no package', async () => {
    const seen = new Set<string>()
    const visit = async (file: string): Promise<void> => {
      if (seen.has(file)) return
      seen.add(file)
      const text = await readFile(path.join(import.meta.dirname, file), 'utf8')
      for (const [, from = ''] of text.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
        if (from.startsWith('node:')) continue
        expect(from).toMatch(/^\.\/[\w-]+\.ts$/)
        await visit(from)
      }
    }
    await visit('check.ts')
    expect([...seen].toSorted()).toEqual(['./evidence.ts', './expected-lines.ts', './expected-outcome.ts', 'check.ts'])
  })
})

test('the generator and the checker agree on every line, and all ends occur', () => {
  const ends = new Set<string>()
  for (const { bytes, end } of generateLines(3, 5_000, 1)) {
    const outcome = expectedOutcome(bytes, RULE)
    expect(outcome.end === 'rejected' ? outcome.reason : outcome.end).toBe(end === 'endpoint_refused' ? 'undeliverable' : end)
    ends.add(end)
  }
  expect([...ends].toSorted()).toEqual([
    'blank',
    'delivered',
    'endpoint_refused',
    'invalid_encoding',
    'invalid_json',
    'invalid_timestamp',
    'line_too_long',
    'missing_identity',
    'missing_timestamp',
    'nested_property',
    'not_an_object',
    'nothing_to_import',
    'reserved_name',
    'timestamp_before_2009',
    'timestamp_in_milliseconds',
  ])
})

test('the same seed gives the same lines and the same kills', () => {
  const generated = (seed: number) => [...generateLines(seed, 100, 1)].map(({ bytes }) => bytes.toString('base64'))
  expect(generated(1)).toEqual(generated(1))
  expect(generated(1)).not.toEqual(generated(2))
  expect([...planKills(1, 50, 1000)]).toEqual([...planKills(1, 50, 1000)])
  expect(new Set([...planKills(1, 50, 1000)].map(({ kind }) => kind)).size).toBe(4)
})

test('a run that makes no progress fails and names the remaining work', () => {
  const detector = new StallDetector(-1)
  detector.observe('1 accepted', '')
  detector.observe('2 accepted', '1 message')
  expect(() => {
    detector.observe('2 accepted', '1 message')
  }).toThrow('remaining work: 1 message')
})

const isLinux = process.platform === 'linux' // /proc lists the processes

describe('no process is left after a run is ended', () => {
  const processesOf = (where: string): number =>
    readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).includes(where)).length

  /** Empty for a process that has ended. */
  function commandOf(pid: string): string {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  }

  ;(isLinux ? test : test.skip).each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('by %s', async (signal, expected) => {
    const where = await mkdtemp(path.join(folder, 'ended-'))
    const child = start('run.ts', '--lines', '500', '--kills', '1000', '--evidence', where)
    const closed = once(child, 'exit')
    try {
      await eventually('the processes of the run', () => Promise.resolve(processesOf(where) >= 4 ? true : undefined))
      child.kill(signal)
      await closed
    } finally {
      child.kill('SIGKILL')
    }
    const [code] = (await closed) as [number | null]
    expect(code).toBe(expected)
    await eventually('the end of the processes', () => Promise.resolve(processesOf(where) === 0 ? true : undefined))
  })
})
