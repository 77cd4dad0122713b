/** Reads a file of one kind in its own process, so that its memory can be limited and measured. argv: kind, MB. Prints figures as JSON. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { openLines } from '../../../lambda/read/lines.ts'

const CHUNK_BYTES = 65_536
const SHORT_LINE = `{"_p":"bob@example.com","_n":"Visited","_t":1393344604,"plan":"free"}\n`
const FILLERS: Readonly<Record<string, string | Buffer>> = {
  'one line': 'x',
  'blank lines': '\n',
  'undecodable lines': Buffer.from([0xff, 0x0a]),
  'short lines': SHORT_LINE,
  'a gzip bomb': `${'x'.repeat(65_535)}\n`,
  'a gzip bomb of blank lines': '\n',
  'a gzip bomb of empty objects': '{}\n',
}

const [kind = '', megabytes = '0'] = process.argv.slice(2)

function* file(): Generator<Buffer> {
  yield Buffer.from('first\n')
  const filler = FILLERS[kind]
  if (filler === undefined) throw new Error(`unknown kind of file: ${kind}`)
  const chunk = Buffer.alloc(CHUNK_BYTES, filler) // one chunk, repeated: only the memory of the reader is measured, not that of its source
  for (let bytes = 0; bytes < Number(megabytes) * 1_000_000; bytes += CHUNK_BYTES) yield chunk
  yield Buffer.from('\nlast')
}

/** One gzip member for each 16 MiB, a thousand times smaller. */
function* bomb(): Generator<Buffer> {
  const unpackedBytes = 16 * 1_048_576
  const member = gzipSync(Buffer.alloc(unpackedBytes, FILLERS[kind]))
  for (let bytes = 0; bytes < Number(megabytes) * 1_000_000; bytes += unpackedBytes) yield member
}

const before = process.memoryUsage.rss()
const body = Readable.from(kind.startsWith('a gzip bomb') ? bomb() : file(), { objectMode: false })
const reading = await openLines(body, { maxLineBytes: 262_144 })
let lines = 0
let last: unknown
let error: unknown
try {
  for await (const batch of reading.batches) {
    lines += batch.length
    last = batch.at(-1)
    await new Promise(setImmediate) // like a caller that works with the lines
  }
} catch (thrown) {
  error = String(thrown)
}
const rssGrowth = peakRss() - before
process.stdout.write(JSON.stringify({ lines, last, error, bytesRead: reading.bytesRead(), rssGrowth }))

/** The peak of this process only: on Linux, `maxRSS` includes what the parent had at the fork. */
function peakRss(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}
