/**
 * The checker: a program of its own that knows nothing of the importer's code. It reads what a run left behind (the drops, what the sink
 * took, the dead letters, the reports, the importer's log) and says whether every promise was kept. argv: the folder.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { gunzipSync } from 'node:zlib'
import { MANIFEST, type FileEvidence, type Manifest, type TakenRequest } from './evidence.ts'
import { OwnLines } from './own-lines.ts'
import { sorted } from './verdict.ts'

/** Everything that may be violated. */
export const RULES = {
  lost: 'a good line that was neither taken nor handed back',
  unreturned: 'a line that cannot go, without its dead letter',
  needless: 'a dead letter for a line that could go, or for nothing',
  stray: 'a request that no line asks for',
  wrong: 'a request that says something else than its line',
  impure: 'two requests of one line that are written differently',
  unfaithful: 'a dead letter with another text, place or number than its line',
  reason: 'a dead letter with another reason than its line has',
  report: 'a report that counts otherwise than the checker',
  repeats: 'more repeats than are promised',
  told: 'the API key or an identity where it may not be',
} as const

export type RuleName = keyof typeof RULES

export interface Findings {
  readonly violations: ReadonlyMap<RuleName, readonly string[]>
  /** Violations of all rules, also those that are not listed. */
  readonly count: number
  readonly table: readonly (readonly [what: string, figure: string])[]
}

const LISTED = 20

interface DeadLetter {
  readonly kind: string
  readonly reason: string
  readonly detail: string
  readonly source: { key: string; versionId?: string; line?: number; byteStart?: number; byteEnd?: number }
  readonly line?: string
  readonly lineBase64?: string
  readonly lineTruncated?: boolean
}

interface Report {
  readonly state: string
  readonly lines: Readonly<Record<string, number>>
  readonly commands: Readonly<Record<string, number>>
  readonly rejectedBy: Readonly<Record<string, { readonly count: number }>>
  readonly time?: { readonly first: number; readonly last: number }
  readonly repeatsPossible: number
}

class Checker {
  readonly #folder: string
  readonly #run: Manifest
  readonly #numbered: RegExp
  readonly #files = new Map<string, OwnLines>()
  readonly #whereIs = new Map<number, readonly [OwnLines, number]>()
  readonly #violations = new Map<RuleName, string[]>()
  #count = 0
  #taken = 0
  #ambiguous = 0
  #deadLetters = 0
  #lost = 0

  constructor(folder: string, run: Manifest) {
    this.#folder = folder
    this.#run = run
    this.#numbered = new RegExp(`${run.canary}-(\\d+)@`)
  }

  async check(): Promise<Findings> {
    for (const file of this.#run.files) await this.#readTestFile(file)
    await this.#readEach(this.#run.sinkLog, (text) => {
      this.#takeRequest(JSON.parse(text) as TakenRequest)
    })
    await this.#readEach(this.#run.deadLetters, (text) => {
      this.#receiveDeadLetter(text)
    })
    await this.#readEach(this.#run.importerLog, (text, number) => {
      this.#checkSilence(text, `line ${number} of the importer's log`)
    })
    for (const file of this.#files.values()) this.#checkEnds(file)
    const repeats = await this.#checkReports()
    return { violations: this.#violations, count: this.#count, table: this.#table(repeats) }
  }

  #violated(rule: RuleName, what: string): void {
    this.#count += 1
    const listed = this.#violations.get(rule) ?? []
    if (listed.length < LISTED) listed.push(what)
    this.#violations.set(rule, listed)
  }

  async #readTestFile({ key, file, isPacked }: FileEvidence): Promise<void> {
    const bytes = await readFile(path.join(this.#folder, file))
    const own = new OwnLines(key, isPacked ? gunzipSync(bytes) : bytes, this.#run, (person, line, lines) => {
      const number = this.#numberOf(person)
      if (this.#whereIs.has(number)) throw new Error(`the drops are no use: ${person} is in two lines`)
      this.#whereIs.set(number, [lines, line])
    })
    this.#files.set(key, own)
  }

  #numberOf(person: string): number {
    return Number(this.#numbered.exec(person)?.[1] ?? NaN)
  }

  async #readEach(file: string, take: (text: string, number: number) => void): Promise<void> {
    let number = 0
    for await (const text of createInterface({ input: createReadStream(path.join(this.#folder, file)), crlfDelay: Infinity }))
      take(text, (number += 1))
  }

  #takeRequest({ method, target, body, isAmbiguous }: TakenRequest): void {
    this.#taken += 1
    if (isAmbiguous) this.#ambiguous += 1
    const [url = '', query = ''] = target.split('?', 2)
    const parameters = new URLSearchParams(method === 'POST' ? body : query)
    const key = parameters.getAll('_k')
    parameters.delete('_k')
    const [file, line] = this.#whereIs.get(this.#numberOf(parameters.get('_p') ?? '')) ?? []
    if (file === undefined || line === undefined) {
      this.#violated('stray', `${method} ${target} ${body}`)
      return
    }
    const verdict = file.verdict(line)
    const requests = verdict.end === 'delivered' ? verdict.requests : []
    const request = requests.findIndex(({ path: expected }) => expected === url)
    const where = `line ${line} of ${file.key}: ${method} ${target} ${body}`
    if (request === -1) {
      this.#violated('stray', where)
      return
    }
    const isRight = requests[request]?.parameters === sorted(parameters) && key.length === 1 && key[0] === this.#run.apiKey
    if (!isRight) this.#violated('wrong', where)
    const print = printOf(`${method} ${target} ${body}`.replace(`_k=${this.#run.apiKey}`, '_k='))
    if (!file.take(line, request, print, isAmbiguous)) this.#violated('impure', where)
  }

  #receiveDeadLetter(text: string): void {
    this.#deadLetters += 1
    if (text.includes(this.#run.apiKey)) this.#violated('told', 'the API key in a dead letter')
    const deadLetter = JSON.parse(text) as DeadLetter
    const { key, line = 0 } = deadLetter.source
    const file = this.#files.get(key)
    const where = `line ${line} of ${key} (${deadLetter.reason})`
    if (deadLetter.detail.includes(this.#run.canary)) this.#violated('told', `an identity in what is said of ${where}`)
    if (file === undefined || deadLetter.kind !== 'line' || !(line >= 1 && line <= file.count)) {
      this.#violated('needless', `${deadLetter.kind}: ${where}`)
      return
    }
    file.handBack(line)
    if (!isFaithful(deadLetter, file, line, this.#run)) this.#violated('unfaithful', where)
    const verdict = file.verdict(line)
    const reason = verdict.end === 'rejected' ? verdict.reason : 'endpoint_refused'
    if (verdict.end === 'blank' || verdict.end === 'delivered') this.#violated('needless', where)
    else if (deadLetter.reason !== reason) this.#violated('reason', `${where}, but it should be ${reason}`)
  }

  #checkSilence(text: string, where: string): void {
    if (text.includes(this.#run.apiKey)) this.#violated('told', `the API key in ${where}`)
    if (text.includes(this.#run.canary)) this.#violated('told', `an identity in ${where}`)
  }

  #checkEnds(file: OwnLines): void {
    for (let line = 1; line <= file.count; line += 1) {
      const verdict = file.verdict(line)
      const where = `line ${line} of ${file.key}`
      if (verdict.end === 'delivered') {
        const isWhole = verdict.requests.every((_request, index) => file.taken(line, index) > 0)
        if (isWhole || file.deadLetters(line) > 0) continue
        this.#lost += 1
        this.#violated('lost', where)
      } else if (verdict.end !== 'blank' && file.deadLetters(line) === 0) {
        this.#violated('unreturned', `${where} (${verdict.end === 'rejected' ? verdict.reason : verdict.end})`)
      }
    }
  }

  /** @returns how often lines were repeated */
  async #checkReports(): Promise<number> {
    let all = 0
    for (const { key, report: reportPath } of this.#run.files) {
      const file = this.#files.get(key)
      if (file === undefined) continue
      const text = await readFile(path.join(this.#folder, reportPath), 'utf8')
      this.#checkSilence(text, `the report of ${key}`)
      const report = JSON.parse(text) as Report
      this.#compareReport(file, report)
      let repeats = 0
      for (let line = 1; line <= file.count; line += 1) repeats += file.repeats(line)
      if (repeats > report.repeatsPossible)
        this.#violated('repeats', `${key}: ${repeats}, and its report says that at most ${report.repeatsPossible} are possible`)
      all += repeats
    }
    if (all > this.#bound) this.#violated('repeats', `${all} of all drops, and at most ${this.#bound} are promised`)
    return all
  }

  #compareReport({ key, counts }: OwnLines, { state, lines, commands, rejectedBy, time }: Report): void {
    const compare = (what: string, reported: unknown, own: unknown): void => {
      if (canonical(reported) !== canonical(own))
        this.#violated('report', `${key}: ${what} is ${canonical(reported)}, but the checker has ${canonical(own)}`)
    }
    const { delivered = NaN, rejected = NaN, undeliverable = NaN, blank = NaN } = lines
    compare('delivered + rejected + undeliverable + blank', delivered + rejected + undeliverable + blank, lines.total)
    compare('lines', lines, counts.lines)
    compare('commands', commands, counts.commands)
    compare(
      'rejectedBy',
      Object.fromEntries(Object.entries(rejectedBy).map(([reason, { count }]) => [reason, count])),
      counts.rejectedBy,
    )
    compare('time', time, counts.time)
    compare('state', state, counts.lines.rejected + counts.lines.undeliverable > 0 ? 'complete-with-rejects' : 'complete')
  }

  get #bound(): number {
    return (this.#run.killedAtWork + this.#run.requeued) * this.#run.repeatsEach
  }

  #table(repeats: number): Findings['table'] {
    const { kills, killedAtWork, requeued, repeatsEach, redrives, seconds } = this.#run
    const own = [...this.#files.values()].map(({ counts }) => counts.lines)
    const total = (of: (lines: (typeof own)[number]) => number): number => own.reduce((sum, lines) => sum + of(lines), 0)
    const returned = total(({ rejected, undeliverable }) => rejected + undeliverable)
    return [
      ['lines', `${count(total((lines) => lines.total))} in ${own.length} drops`],
      ['kills', `${kills}, which struck ${killedAtWork} invocations at work; ${requeued} handed the rest on`],
      ['took', `${Math.round(seconds)} s`],
      ['lost', count(this.#lost)],
      ['requests taken', `${count(this.#taken)}, ${count(this.#ambiguous)} of them without an answer (ambiguous)`],
      ['repeats', `${count(repeats)} (bound ${count(this.#bound)}: ${count(repeatsEach)} each)`],
      [
        'dead letters',
        `${count(this.#deadLetters)} of ${count(returned)} lines (${count(Math.max(0, this.#deadLetters - returned))} repeated)`,
      ],
      ['redrives', count(redrives)],
      ['identity', this.#violations.has('report') ? 'NOT exact' : 'exact'],
    ]
  }
}

function isFaithful(deadLetter: DeadLetter, file: OwnLines, line: number, { files }: Manifest): boolean {
  const { start, end } = file.range(line)
  const bytes = file.bytes(line)
  const { versionId, byteStart, byteEnd } = deadLetter.source
  const isThere =
    byteStart === start && byteEnd === end && files.some((one) => one.key === file.key && one.versionId === versionId)
  const carried =
    deadLetter.line === undefined ? Buffer.from(deadLetter.lineBase64 ?? '', 'base64') : Buffer.from(deadLetter.line)
  // A carriage return before the newline is no part of the text.
  const isSame = carried.equals(bytes) || Buffer.concat([carried, Buffer.from('\r')]).equals(bytes)
  const isStart = deadLetter.lineTruncated === true && carried.length > 0 && bytes.subarray(0, carried.length).equals(carried)
  return isThere && (isSame || isStart)
}

/** Six bytes of a hash, which a number holds exactly. */
function printOf(text: string): number {
  return createHash('sha1').update(text).digest().readUIntBE(0, 6)
}

function canonical(value: unknown): string {
  return typeof value === 'object' && value !== null ? sortedJson(value) : String(value)
}

function sortedJson(value: object): string {
  return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function count(figure: number): string {
  return figure.toLocaleString('en-US')
}

/** @param folder of a run that has come to its end */
export async function check(folder: string): Promise<Findings> {
  const run = JSON.parse(await readFile(path.join(folder, MANIFEST), 'utf8')) as Manifest
  return new Checker(folder, run).check()
}

if (process.argv[1] === import.meta.filename) {
  const { violations, count: violated, table } = await check(process.argv[2] ?? '.')
  for (const [what, figure] of table) console.log(`${what.padEnd(16)} ${figure}`)
  for (const [rule, listed] of violations) {
    console.log(`\nVIOLATED: ${RULES[rule]}`)
    for (const one of listed) console.log(`  ${one.slice(0, 300)}`)
  }
  if (violated > 0) console.log(`\n${count(violated)} violations.`)
  process.exitCode = violated > 0 ? 1 : 0
}
