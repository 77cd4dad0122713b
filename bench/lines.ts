import { pipeline, Readable } from 'node:stream'
import split2 from 'split2'
import { classifyLine } from '../lambda/parse/classify-line.ts'
import { toEntry } from '../lambda/parse/entry.ts'
import { openLines } from '../lambda/read/lines.ts'
import { shortLines } from './files.ts'
import { median } from './measure.ts'
import { print, type Result } from './result.ts'

const LINES = 300_000
const ROUNDS = 5
const CHUNK_BYTES = 65_536

function chunksOf(bytes: Buffer): Readable {
  const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, index) =>
    bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  )
  return Readable.from(chunks, { objectMode: false })
}

async function splitAndParse(bytes: Buffer): Promise<void> {
  const splitter = pipeline(chunksOf(bytes), split2(), () => undefined)
  for await (const line of splitter as AsyncIterable<string>) JSON.parse(line)
}

async function splitAndParseEvents(bytes: Buffer): Promise<void> {
  const splitter = split2()
  splitter.on('data', (line: string) => {
    JSON.parse(line)
  })
  for await (const chunk of chunksOf(bytes) as AsyncIterable<Buffer>) splitter.write(chunk)
  splitter.end()
}

async function splitOnly(bytes: Buffer): Promise<void> {
  const { batches } = await openLines(chunksOf(bytes), { maxLineBytes: 262_144 })
  for await (const _batch of batches);
}

async function splitAndValidate(bytes: Buffer): Promise<void> {
  const { batches } = await openLines(chunksOf(bytes), { maxLineBytes: 262_144 })
  for await (const batch of batches) for (const line of batch) classifyLine(line, { latestTime: Infinity })
}

async function splitAndBuild(bytes: Buffer): Promise<void> {
  const { batches } = await openLines(chunksOf(bytes), { maxLineBytes: 262_144 })
  for await (const batch of batches) for (const line of batch) toEntry(line, { latestTime: Infinity }, '0123456789abcdef')
}

/** How fast bytes become validated lines and ready requests, compared with split2 and JSON.parse alone in the same rounds. */
export async function benchLines(rounds = ROUNDS): Promise<readonly Result[]> {
  const bytes = Buffer.from([...shortLines(LINES)].join('\n'))
  const contenders = { splitAndParseEvents, splitAndParse, splitOnly, splitAndValidate, splitAndBuild }
  const seconds = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      const start = process.cpuUsage()
      await contender(bytes)
      const { user, system } = process.cpuUsage(start)
      if (round > 0) seconds.get(name)?.push((user + system) / 1e6) // the first round is a warm-up
    }
  }
  const rate = (name: keyof typeof contenders): number => bytes.length / 1e6 / median(seconds.get(name) ?? [])
  const ratio = (name: keyof typeof contenders, base: keyof typeof contenders): number =>
    median((seconds.get(base) ?? []).map((time, round) => time / (seconds.get(name)?.[round] ?? NaN)))
  return [
    { name: "split2 + JSON.parse alone (on 'data')", value: rate('splitAndParseEvents'), unit: 'MB per CPU-s' },
    { name: 'split2 + JSON.parse alone (for await)', value: rate('splitAndParse'), unit: 'MB per CPU-s' },
    { name: 'split lines (guard + split2), no parse', value: rate('splitOnly'), unit: 'MB per CPU-s' },
    { name: 'split and validate', value: rate('splitAndValidate'), unit: 'MB per CPU-s' },
    { name: 'split, validate, build requests', value: rate('splitAndBuild'), unit: 'MB per CPU-s' },
    {
      name: "split, validate, build / split2 + parse ('data')",
      value: ratio('splitAndBuild', 'splitAndParseEvents'),
      unit: 'ratio',
      target: '>= 0.60',
    },
    {
      name: "split, validate / split2 + parse ('data')",
      value: ratio('splitAndValidate', 'splitAndParseEvents'),
      unit: 'ratio',
      target: '>= 0.85',
    },
    { name: 'split, validate, build / split2 + parse (await)', value: ratio('splitAndBuild', 'splitAndParse'), unit: 'ratio' },
  ]
}

if (import.meta.main) print(await benchLines())
