/**
 * node bench/stages.ts: what each stage of the importer costs per line, without HTTP. The endpoint accepts everything at the next turn of the
 * event loop, so that only the CPU of the importer is left. A figure is the least of all rounds: other programs can only add to it.
 */
import { Readable } from 'node:stream'
import { runPipeline } from '../lambda/jobs/pipeline.ts'
import { Settlement } from '../lambda/jobs/settlement.ts'
import { surveyLines } from '../lambda/jobs/survey-lines.ts'
import { CountedOnce } from '../lambda/parse/counted-once.ts'
import { toEntries } from '../lambda/parse/entry.ts'
import type { Endpoint, OpenFile, Ports } from '../lambda/ports.ts'
import { openLines } from '../lambda/read/lines.ts'
import { Ledger } from '../lambda/settle/ledger.ts'
import { clock } from '../lambda/adapters/clock.ts'
import { asBytes, shortLines } from './files.ts'
import { print, type Result } from './result.ts'

const LINES = 100_000
const ROUNDS = 7
const IN_FLIGHT = 64
const KEY = '0123456789abcdef0123456789abcdef01234567'
const RULES = { latestTime: Infinity }
const MAX_LINE_BYTES = 262_144
const START = { line: 0, byte: 0 }

function acceptingEndpoint(): Endpoint {
  let open: ((answer: { readonly kind: 'status'; readonly status: number }) => void)[] = []
  const answerAll = (): void => {
    const answered = open
    open = []
    for (const onAnswer of answered) onAnswer({ kind: 'status', status: 200 })
  }
  return {
    origin: 'https://endpoint.test',
    send: (_request, onAnswer) => {
      if (open.push(onAnswer) === 1) setImmediate(answerAll)
    },
  }
}

function openFile(chunks: readonly Buffer[]): OpenFile {
  const body = Readable.from(chunks, { objectMode: false })
  return { kind: 'open', body, bytes: 0, etag: 'e', lastModified: new Date() }
}

/** Each stage, with those before it. */
const STAGES: Readonly<Record<string, (file: OpenFile) => Promise<unknown>>> = {
  read: async ({ body }) => {
    for await (const _batch of (await openLines(body, { maxLineBytes: MAX_LINE_BYTES })).batches);
  },
  validate: async ({ body }) => {
    const countedOnce = new CountedOnce()
    const { batches } = await openLines(body, { maxLineBytes: MAX_LINE_BYTES })
    for await (const batch of batches) for (const _entry of toEntries(batch, RULES, KEY, countedOnce));
  },
  settle: async (file) => {
    const limits = { maxInFlight: IN_FLIGHT, maxLinesPerSecond: 0 }
    const ports = { endpoint: acceptingEndpoint(), clock, limits } as unknown as Ports // it needs no others: every line is valid
    const settlement = new Settlement(
      { file: { bucket: 'b', key: 'k' }, replays: 0 },
      ports,
      new Ledger({ watermark: START }, 1e6),
    )
    await runPipeline(file, START, { maxLineBytes: MAX_LINE_BYTES, rules: RULES, apiKey: KEY, settlement, isAdmitted: true })
    await settlement.finish()
  },
  survey: (file) =>
    surveyLines(file, START, {
      maxLineBytes: MAX_LINE_BYTES,
      rules: [],
      isAdmitted: true,
      ending: new AbortController().signal,
    }),
}

const SURVEY = 'stage: survey (reads and validates too)'

/** CPU of a line in the survey, as `benchStages` has measured it. */
export function surveyMicrosIn(results: readonly Result[]): number {
  return results.find(({ name }) => name === SURVEY)?.value ?? NaN
}

export async function benchStages(rounds = ROUNDS): Promise<readonly Result[]> {
  const chunks = (await asBytes(shortLines(LINES)).toArray()) as readonly Buffer[]
  const least = new Map<string, number>()
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, stage] of Object.entries(STAGES)) {
      const before = process.cpuUsage()
      await stage(openFile(chunks))
      const { user, system } = process.cpuUsage(before)
      // The first round is a warm-up.
      if (round > 0) least.set(name, Math.min(least.get(name) ?? Infinity, (user + system) / LINES))
    }
  }
  const of = (name: string): number => least.get(name) ?? NaN
  return [
    { name: 'stage: read and cut into lines', value: of('read'), unit: 'CPU-µs per line' },
    { name: 'stage: validate, build requests', value: of('validate') - of('read'), unit: 'CPU-µs per line' },
    { name: 'stage: limiter, delivery, ledger', value: of('settle') - of('validate'), unit: 'CPU-µs per line' },
    { name: SURVEY, value: of('survey'), unit: 'CPU-µs per line' },
  ]
}

if (import.meta.main) print(await benchStages())
