/**
 * The checker: an independent program that shares no code with the importer. It reads what a run left (the files, the requests that the
 * sink accepted, the dead letters, the reports, the importer's log) and checks every promise. argv: the folder.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { gunzipSync } from 'node:zlib'
import { MANIFEST, type FileEvidence, type Manifest, type AcceptedRequest } from './evidence.ts'
import { ExpectedLines } from './expected-lines.ts'
import { sorted } from './expected-outcome.ts'

/** The rules of a run. Each text describes the violation. */
export const RULES = {
  lost: 'a valid line that was neither accepted nor rejected',
  unreported: 'an invalid line without a dead letter',
  needless: 'a dead letter for a valid line, or for no line',
  stray: 'a request that belongs to no line',
  wrong: 'a request whose content differs from its line',
  inconsistent: 'two attempts of one request with different bytes',
  unfaithful: 'a dead letter whose text, position or line number differs from its line',
  reason: 'a dead letter with the wrong reason',
  report: 'a report whose counts differ from those of the checker',
  repeats: 'more repeats than promised',
  leaked: 'the API key or an identity where it must not be',
} as const

export type RuleName = keyof typeof RULES

export interface Findings {
  readonly violations: ReadonlyMap<RuleName, readonly string[]>
  /** The number of all violations, listed or not. */
  readonly count: number
  readonly table: readonly (readonly [what: string, figure: string])[]
}

const MAX_LISTED = 20

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
  readonly #personNumber: RegExp
  readonly #files = new Map<string, ExpectedLines>()
  readonly #lineOfPerson = new Map<number, readonly [ExpectedLines, number]>()
  readonly #violations = new Map<RuleName, string[]>()
  #count = 0
  #accepted = 0
  #ambiguous = 0
  #deadLetters = 0
  #lost = 0

  constructor(folder: string, run: Manifest) {
    this.#folder = folder
    this.#run = run
    this.#personNumber = new RegExp(`${run.canary}-(\\d+)@`)
  }

  async check(): Promise<Findings> {
    for (const file of this.#run.files) await this.#readTestFile(file)
    await this.#readEach(this.#run.sinkLog, (text) => {
      this.#addRequest(JSON.parse(text) as AcceptedRequest)
    })
    await this.#readEach(this.#run.deadLetters, (text) => {
      this.#addDeadLetter(text)
    })
    await this.#readEach(this.#run.importerLog, (text, number) => {
      this.#checkForLeaks(text, `line ${number} of the importer's log`)
    })
    for (const file of this.#files.values()) this.#checkEnds(file)
    const repeats = await this.#checkReports()
    return { violations: this.#violations, count: this.#count, table: this.#table(repeats) }
  }

  #violated(rule: RuleName, what: string): void {
    this.#count += 1
    const listed = this.#violations.get(rule) ?? []
    if (listed.length < MAX_LISTED) listed.push(what)
    this.#violations.set(rule, listed)
  }

  async #readTestFile({ key, file, isGzipped }: FileEvidence): Promise<void> {
    const bytes = await readFile(path.join(this.#folder, file))
    const lines = new ExpectedLines(key, isGzipped ? gunzipSync(bytes) : bytes, this.#run, (person, line, own) => {
      const number = this.#numberOf(person)
      if (this.#lineOfPerson.has(number)) throw new Error(`the files are unusable: ${person} is in two lines`)
      this.#lineOfPerson.set(number, [own, line])
    })
    this.#files.set(key, lines)
  }

  #numberOf(person: string): number {
    return Number(this.#personNumber.exec(person)?.[1] ?? NaN)
  }

  async #readEach(file: string, take: (text: string, number: number) => void): Promise<void> {
    let number = 0
    for await (const text of createInterface({ input: createReadStream(path.join(this.#folder, file)), crlfDelay: Infinity }))
      take(text, (number += 1))
  }

  #addRequest({ method, target, body, isAmbiguous }: AcceptedRequest): void {
    this.#accepted += 1
    if (isAmbiguous) this.#ambiguous += 1
    const [url = '', query = ''] = target.split('?', 2)
    const parameters = new URLSearchParams(method === 'POST' ? body : query)
    const key = parameters.getAll('_k')
    parameters.delete('_k')
    const [file, line] = this.#lineOfPerson.get(this.#numberOf(parameters.get('_p') ?? '')) ?? []
    if (file === undefined || line === undefined) {
      this.#violated('stray', `${method} ${target} ${body}`)
      return
    }
    const outcome = file.outcome(line)
    const requests = outcome.end === 'delivered' ? outcome.requests : []
    const request = requests.findIndex(({ path: expected }) => expected === url)
    const where = `line ${line} of ${file.key}: ${method} ${target} ${body}`
    if (request === -1) {
      this.#violated('stray', where)
      return
    }
    const isCorrect = requests[request]?.parameters === sorted(parameters) && key.length === 1 && key[0] === this.#run.apiKey
    if (!isCorrect) this.#violated('wrong', where)
    const fingerprint = fingerprintOf(`${method} ${target} ${body}`.replace(`_k=${this.#run.apiKey}`, '_k='))
    if (!file.accept(line, request, fingerprint, isAmbiguous)) this.#violated('inconsistent', where)
  }

  #addDeadLetter(text: string): void {
    this.#deadLetters += 1
    if (text.includes(this.#run.apiKey)) this.#violated('leaked', 'the API key in a dead letter')
    const deadLetter = JSON.parse(text) as DeadLetter
    const { key, line = 0 } = deadLetter.source
    const file = this.#files.get(key)
    const where = `line ${line} of ${key} (${deadLetter.reason})`
    if (deadLetter.detail.includes(this.#run.canary)) this.#violated('leaked', `an identity in the detail of ${where}`)
    if (file === undefined || deadLetter.kind !== 'line' || !(line >= 1 && line <= file.count)) {
      this.#violated('needless', `${deadLetter.kind}: ${where}`)
      return
    }
    file.addDeadLetter(line)
    if (!isFaithful(deadLetter, file, line, this.#run)) this.#violated('unfaithful', where)
    const outcome = file.outcome(line)
    const reason = outcome.end === 'rejected' ? outcome.reason : 'endpoint_refused'
    if (outcome.end === 'blank' || outcome.end === 'delivered') this.#violated('needless', where)
    else if (deadLetter.reason !== reason) this.#violated('reason', `${where} instead of ${reason}`)
  }

  #checkForLeaks(text: string, where: string): void {
    if (text.includes(this.#run.apiKey)) this.#violated('leaked', `the API key in ${where}`)
    if (text.includes(this.#run.canary)) this.#violated('leaked', `an identity in ${where}`)
  }

  #checkEnds(file: ExpectedLines): void {
    for (let line = 1; line <= file.count; line += 1) {
      const outcome = file.outcome(line)
      const where = `line ${line} of ${file.key}`
      if (outcome.end === 'delivered') {
        const isDelivered = outcome.requests.every((_request, index) => file.accepted(line, index) > 0)
        if (isDelivered || file.deadLetters(line) > 0) continue
        this.#lost += 1
        this.#violated('lost', where)
      } else if (outcome.end !== 'blank' && file.deadLetters(line) === 0) {
        this.#violated('unreported', `${where} (${outcome.end === 'rejected' ? outcome.reason : outcome.end})`)
      }
    }
  }

  /** @returns the number of repeats */
  async #checkReports(): Promise<number> {
    let all = 0
    for (const { key, report: reportPath } of this.#run.files) {
      const file = this.#files.get(key)
      if (file === undefined) continue
      const text = await readFile(path.join(this.#folder, reportPath), 'utf8')
      this.#checkForLeaks(text, `the report of ${key}`)
      const report = JSON.parse(text) as Report
      this.#compareReport(file, report)
      let repeats = 0
      for (let line = 1; line <= file.count; line += 1) repeats += file.repeats(line)
      if (repeats > report.repeatsPossible)
        this.#violated('repeats', `${key}: ${repeats} repeats, but its report allows at most ${report.repeatsPossible}`)
      all += repeats
    }
    if (all > this.#bound) this.#violated('repeats', `${all} repeats in all files, but at most ${this.#bound} are promised`)
    return all
  }

  #compareReport({ key, counts }: ExpectedLines, { state, lines, commands, rejectedBy, time }: Report): void {
    const compare = (what: string, reported: unknown, own: unknown): void => {
      if (canonical(reported) !== canonical(own))
        this.#violated('report', `${key}: ${what} is ${canonical(reported)}, but the checker counts ${canonical(own)}`)
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
    return (this.#run.killedAtWork + this.#run.requeued) * this.#run.maxRepeatsEach
  }

  #table(repeats: number): Findings['table'] {
    const { kills, killedAtWork, requeued, maxRepeatsEach, redrives, seconds } = this.#run
    const own = [...this.#files.values()].map(({ counts }) => counts.lines)
    const total = (of: (lines: (typeof own)[number]) => number): number => own.reduce((sum, lines) => sum + of(lines), 0)
    const undelivered = total(({ rejected, undeliverable }) => rejected + undeliverable)
    return [
      ['lines', `${count(total((lines) => lines.total))} in ${own.length} files`],
      ['kills', `${kills}, which interrupted ${killedAtWork} invocations; ${requeued} invocations requeued the rest`],
      ['duration', `${Math.round(seconds)} s`],
      ['lost', count(this.#lost)],
      ['requests', `${count(this.#accepted)} accepted, ${count(this.#ambiguous)} of them without an answer (ambiguous)`],
      ['repeats', `${count(repeats)} (bound ${count(this.#bound)}: ${count(maxRepeatsEach)} each)`],
      [
        'dead letters',
        `${count(this.#deadLetters)} of ${count(undelivered)} lines (${count(Math.max(0, this.#deadLetters - undelivered))} repeated)`,
      ],
      ['redrives', count(redrives)],
      ['identity', this.#violations.has('report') ? 'NOT exact' : 'exact'],
    ]
  }
}

function isFaithful(deadLetter: DeadLetter, file: ExpectedLines, line: number, { files }: Manifest): boolean {
  const { start, end } = file.range(line)
  const bytes = file.bytes(line)
  const { versionId, byteStart, byteEnd } = deadLetter.source
  const isThere =
    byteStart === start && byteEnd === end && files.some((one) => one.key === file.key && one.versionId === versionId)
  const carried =
    deadLetter.line === undefined ? Buffer.from(deadLetter.lineBase64 ?? '', 'base64') : Buffer.from(deadLetter.line)
  // A carriage return before the newline is not part of the text.
  const isSame = carried.equals(bytes) || Buffer.concat([carried, Buffer.from('\r')]).equals(bytes)
  const isStart = deadLetter.lineTruncated === true && carried.length > 0 && bytes.subarray(0, carried.length).equals(carried)
  return isThere && (isSame || isStart)
}

/** Six bytes of a hash, because a number holds them exactly. */
function fingerprintOf(text: string): number {
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

/** @param folder of a finished run */
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
