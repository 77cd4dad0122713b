/**
 * Files that have stopped other importers, read and validated by this one: time and peak memory of each, in a process of its own with a heap
 * of 64 MB. `node bench/monsters.ts [--large]`; with `--large`, also 10 GB.
 */
import { execFile } from 'node:child_process'
import { Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createBrotliCompress, createDeflateRaw, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { toEntries } from '../lambda/parse/entry.ts'
import { admit } from '../lambda/parse/sniff.ts'
import { openLines } from '../lambda/read/lines.ts'
import { peakRssBytes } from './measure.ts'

const MEGABYTE = 1_000_000
const CHUNK_BYTES = 65_536
const HEAP_MB = 64
const GOOD = '{"_p":"bob@example.com","_t":1393344604,"_n":"Visited","plan":"free"}\n'

interface Monster {
  readonly name: string
  readonly isLarge?: boolean
  /** Brotli is recognised by it. */
  readonly called?: string
  readonly file: () => Iterable<Buffer> | AsyncIterable<Buffer>
}

/** A file that begins and ends with a good line, because its neighbours must stay intact. */
function* between(bytes: number, filler: string | Buffer): Generator<Buffer> {
  yield Buffer.from(GOOD)
  const chunk = Buffer.alloc(CHUNK_BYTES, filler)
  for (let written = 0; written < bytes; written += CHUNK_BYTES) yield chunk
  yield Buffer.from(`\n${GOOD}`)
}

/** Gzip members of 16 MiB each. */
function* packed(bytes: number, filler: string): Generator<Buffer> {
  const member = gzipSync(Buffer.alloc(16 * 1_048_576, filler), { level: 9 })
  for (let unpacked = 0; unpacked < bytes; unpacked += 16 * 1_048_576) yield member
}

/** Compressed while it is read, so that only the reader needs memory. */
function compressed(bytes: number, filler: string, compressor: Transform): AsyncIterable<Buffer> {
  return Readable.from(repeated(filler, bytes), { objectMode: false }).compose(compressor) as AsyncIterable<Buffer>
}

const brotliOf = (bytes: number, filler: string): AsyncIterable<Buffer> =>
  compressed(bytes, filler, createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }))

/** An archive without its end: it is not read so far. */
async function* zipOf(bytes: number, filler: string): AsyncGenerator<Buffer> {
  const header = Buffer.from('PK\x03\x04\x14\0\x08\0\x08\0'.padEnd(30, '\0'))
  header.writeUInt16LE(1, 26)
  yield Buffer.concat([header, Buffer.from('a')])
  yield* compressed(bytes, filler, createDeflateRaw({ level: 9 }))
}

function repeated(text: string, bytes: number): Iterable<Buffer> {
  const chunk = Buffer.from(text.repeat(Math.ceil(CHUNK_BYTES / text.length)))
  return {
    *[Symbol.iterator]() {
      for (let written = 0; written < bytes; written += chunk.length) yield chunk
    },
  }
}

const nested = (depth: number): Buffer => Buffer.from(`{"_p":"a","_t":1393344604,"x":${'['.repeat(depth)}${']'.repeat(depth)}}\n`)
const manyNames = (): Buffer =>
  Buffer.from(`{"_p":"a","_t":1393344604,${Array.from({ length: 20_000 }, (_, index) => `"n${index}":1`).join(',')}}\n`)

const MONSTERS: readonly Monster[] = [
  { name: 'one line of 500 MB', file: () => between(500 * MEGABYTE, 'x') },
  { name: '20 MB of blank lines', file: () => between(20 * MEGABYTE, '\n') },
  { name: '5 MB of lines that are not UTF-8', file: () => between(5 * MEGABYTE, Buffer.from([0xff, 0x0a])) },
  { name: '200 MB of zeros', file: () => between(200 * MEGABYTE, Buffer.alloc(1)) },
  { name: 'gzip: 1 MB for 1 GB of newlines', file: () => packed(1_000 * MEGABYTE, '\n') },
  { name: 'gzip: 1 MB for 1 GB of {}', file: () => packed(1_000 * MEGABYTE, '{}\n') },
  { name: 'gzip: 10 MB for 10 GB of zeros', file: () => packed(10_000 * MEGABYTE, '\0') },
  { name: 'zip: 300 kB for 300 MB of newlines', file: () => zipOf(300 * MEGABYTE, '\n') },
  { name: 'zip: 300 kB for 300 MB of zeros', file: () => zipOf(300 * MEGABYTE, '\0') },
  { name: 'zstd: 30 kB for 1 GB of newlines', file: () => compressed(1_000 * MEGABYTE, '\n', createZstdCompress()) },
  { name: 'zstd: 300 kB for 10 GB of zeros', file: () => compressed(10_000 * MEGABYTE, '\0', createZstdCompress()) },
  {
    name: 'zstd: a million empty frames',
    file: () => Array.from({ length: 1_000 }, () => Buffer.concat(Array<Buffer>(1_000).fill(zstdCompressSync('')))),
  },
  { name: 'brotli: 1 kB for 300 MB of newlines', called: 'a.br', file: () => brotliOf(300 * MEGABYTE, '\n') },
  { name: 'brotli: 1 kB for 300 MB of zeros', called: 'a.br', file: () => brotliOf(300 * MEGABYTE, '\0') },
  { name: '200 MB of objects without line ends', file: () => repeated(GOOD.trimEnd(), 200 * MEGABYTE) },
  { name: '100 MB that end with CR alone', file: () => repeated(GOOD.replace('\n', '\r'), 100 * MEGABYTE) },
  { name: 'a list of 200 MB on one line', file: () => [Buffer.from('['), ...repeated(`${GOOD.trimEnd()},`, 200 * MEGABYTE)] },
  { name: '100,000 levels in one line, 50 times', file: () => Array.from({ length: 50 }, () => nested(100_000)) },
  { name: '20,000 names in one line, 100 times', file: () => Array.from({ length: 100 }, manyNames) },
  { name: '100 MB of short lines', file: () => repeated(GOOD, 100 * MEGABYTE) },
  { name: '10 GB of short lines', isLarge: true, file: () => repeated(GOOD, 10_000 * MEGABYTE) },
]

interface Figures {
  readonly lines: number
  readonly ready: number
  readonly result: string
  readonly seconds: number
  readonly rssMb: number
}

/** Reads and validates a file as an import would. */
async function read(file: ReturnType<Monster['file']>, called?: string): Promise<Figures> {
  const started = performance.now()
  const rules = { latestTime: 2_000_000_000 }
  let lines = 0
  let ready = 0
  let result = 'read to its end'
  try {
    const { start, batches } = await openLines(Readable.from(file, { objectMode: false }), {
      maxLineBytes: 262_144,
      name: called,
    })
    const entries = async function* () {
      for await (const batch of batches) yield toEntries(batch, rules, 'k')
    }
    for await (const admission of admit(entries(), { start })) {
      if (admission.kind === 'refused') result = admission.rejection.detail
      else
        for (const { kind } of admission.entries) {
          lines += 1
          if (kind === 'ready') ready += 1
        }
    }
  } catch (error) {
    result = String(error)
  }
  const seconds = (performance.now() - started) / 1_000
  return { lines, ready, result, seconds, rssMb: peakRssBytes() / MEGABYTE }
}

const [name] = process.argv.slice(2)
const chosen = MONSTERS.find((monster) => monster.name === name)
if (chosen !== undefined) process.stdout.write(JSON.stringify(await read(chosen.file(), chosen.called)))
else
  for (const monster of MONSTERS) {
    if (monster.isLarge === true && name !== '--large') continue
    const { stdout } = await promisify(execFile)(process.execPath, [
      `--max-old-space-size=${HEAP_MB}`,
      import.meta.filename,
      monster.name,
    ])
    const { lines, ready, result, seconds, rssMb } = JSON.parse(stdout) as Figures
    const figures = `${seconds.toFixed(1).padStart(7)} s ${rssMb.toFixed(0).padStart(5)} MB ${lines.toLocaleString('en').padStart(13)} lines ${ready.toLocaleString('en').padStart(13)} can be sent`
    process.stdout.write(`${monster.name.padEnd(38)}${figures}  ${result.slice(0, 90)}\n`)
  }
