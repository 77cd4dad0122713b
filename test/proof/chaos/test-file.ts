import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { seeded } from '../../support/seeded.ts'

/** Part of every identity, so that leaked identities can be found. */
export const CANARY = 'canary'
/** Part of identities that the sink always refuses. */
export const REFUSED = 'refused'

/** A generated line and its expected end: `delivered`, `blank`, or a reason code. */
export interface GeneratedLine {
  readonly bytes: Buffer
  readonly end: string
}

interface Chance {
  /** A number from 0 (inclusive) to `bound` (exclusive). */
  below(bound: number): number
}

interface LineKind {
  readonly end: string
  make(n: number, chance: Chance): string | Buffer
}

const OLDEST = 1_300_000_000
const SPAN_SECONDS = 400_000_000
const PLANS = ['free', 'pro', 'größer', '企業', 'a & b = c+d', '"quoted"', 'https://example.com/?q=1', '🙂']
const EVENTS = ['Signed Up', 'visited site', 'Überweisung gebucht', 'Bought: a thing, twice']
const MAX_LINE_BYTES = 262_144

const person = (n: number): string => `${CANARY}-${n}@example.com`
const time = (chance: Chance): number => OLDEST + chance.below(SPAN_SECONDS)
const pick = <T>(from: readonly T[], chance: Chance): T => from[chance.below(from.length)]!
const json = (value: unknown): string => JSON.stringify(value)
const extras = (n: number, chance: Chance) => ({
  n,
  plan: pick(PLANS, chance),
  price: chance.below(100_000) / 100,
  trial: chance.below(2) === 1,
})
const record = (n: number, chance: Chance, more: object = {}): string =>
  json({ _p: person(n), _t: time(chance), _n: pick(EVENTS, chance), ...extras(n, chance), ...more })

const RECORD: LineKind = { end: 'delivered', make: record }

/** Unusual lines that are not rejected, and how many of a thousand lines are like that. */
const UNUSUAL: readonly (readonly [thousandths: number, LineKind])[] = [
  [120, { end: 'delivered', make: (n, chance) => json({ _p: person(n), _t: time(chance), ...extras(n, chance) }) }],
  [10, { end: 'delivered', make: (n, chance) => record(n, chance, { _p2: `${CANARY}-zwei-${n}` }) }],
  [5, { end: 'delivered', make: (n, chance) => json({ _p: person(n), _p2: `${CANARY}-zwei-${n}`, _t: time(chance) }) }],
  [5, { end: 'delivered', make: (n, chance) => record(n, chance, { note: 'né '.repeat(300 + chance.below(400)) }) }], // sent as POST
  [5, { end: 'delivered', make: (n, chance) => `  ${record(n, chance).replaceAll(',"', ' ,\t"')} ` }],
  [5, { end: 'delivered', make: (n, chance) => record(n, chance).replaceAll('ü', '\\u00fc') }],
  [2, { end: 'endpoint_refused', make: (n, chance) => record(n, chance, { _p: `${REFUSED}-${person(n)}` }) }],
  [6, { end: 'blank', make: (_n, chance) => pick(['', ' ', '\t  '], chance) }],
]

/** One line in a hundred is one of these rejected lines. */
const BAD: readonly LineKind[] = [
  { end: 'invalid_json', make: (n, chance) => record(n, chance).slice(0, -1) },
  { end: 'invalid_json', make: (n, chance) => record(n, chance).replace('}', ',}') },
  { end: 'not_an_object', make: (n) => json([person(n)]) },
  { end: 'not_an_object', make: (n) => json(person(n)) },
  { end: 'reserved_name', make: (n, chance) => record(n, chance, { _k: person(n) }) },
  { end: 'missing_identity', make: (n, chance) => json({ _t: time(chance), _n: person(n) }) },
  { end: 'missing_timestamp', make: (n) => json({ _p: person(n), _n: 'Signed Up', n }) },
  { end: 'invalid_timestamp', make: (n, chance) => record(n, chance, { _t: '2024-05-06' }) },
  { end: 'timestamp_in_milliseconds', make: (n, chance) => record(n, chance, { _t: time(chance) * 1000 }) },
  { end: 'timestamp_before_2009', make: (n, chance) => record(n, chance, { _t: chance.below(1_230_768_000) }) },
  { end: 'nothing_to_import', make: (n, chance) => json({ _p: person(n), _t: time(chance) }) },
  { end: 'nested_property', make: (n, chance) => record(n, chance, { address: { city: person(n) } }) },
  { end: 'invalid_encoding', make: (n, chance) => Buffer.concat([Buffer.from(record(n, chance)), Buffer.from([0xff])]) },
]
const BAD_THOUSANDTHS = 10

/** Each file has one such line, because it is long. */
const TOO_LONG: LineKind = { end: 'line_too_long', make: (n, chance) => record(n, chance, { note: 'x'.repeat(MAX_LINE_BYTES) }) }

/**
 * The lines of a file, each with its expected end. Every person has a unique number.
 *
 * @param first number of the first line's person
 */
export function* generateLines(seed: number, count: number, first: number): Generator<GeneratedLine> {
  const next = seeded(seed)
  const chance: Chance = { below: (bound) => Math.floor(next() * bound) }
  const tooLong = 1 + chance.below(count)
  for (let line = 1; line <= count; line += 1) {
    const isLast = line === count // not blank: without a newline, a blank last line would not exist
    const maker = isLast ? RECORD : line === tooLong ? TOO_LONG : makerFor(chance)
    yield { bytes: Buffer.from(maker.make(first + line - 1, chance)), end: maker.end }
  }
}

function makerFor(chance: Chance): LineKind {
  let thousandths = chance.below(1000)
  if (thousandths < BAD_THOUSANDTHS) return pick(BAD, chance)
  thousandths -= BAD_THOUSANDTHS
  for (const [share, maker] of UNUSUAL) {
    if (thousandths < share) return maker
    thousandths -= share
  }
  return RECORD
}

/** Writes the lines to a file. Some lines end with a Windows newline, the last one with none. */
export async function writeTestFile(file: string, lines: Iterable<GeneratedLine>): Promise<void> {
  await pipeline(Readable.from(inChunks(lines), { objectMode: false }), createWriteStream(file))
}

export async function gzipFile(file: string, packed: string): Promise<void> {
  await pipeline(createReadStream(file), createGzip(), createWriteStream(packed))
}

const CHUNK_BYTES = 65_536
const WINDOWS_EVERY = 37

function* inChunks(lines: Iterable<GeneratedLine>): Generator<Buffer> {
  let chunks: Buffer[] = []
  let length = 0
  let line = 0
  for (const { bytes } of lines) {
    const newline = line === 0 ? '' : line % WINDOWS_EVERY === 0 ? '\r\n' : '\n'
    line += 1
    chunks.push(Buffer.from(newline), bytes)
    length += newline.length + bytes.length
    if (length < CHUNK_BYTES) continue
    yield Buffer.concat(chunks)
    chunks = []
    length = 0
  }
  yield Buffer.concat(chunks)
}
