/**
 * npm run bench: what the importer costs, as ratios to baselines of the same run, because absolute times of one machine say little about
 * another.
 *
 * Rounds are interleaved, and the figures are medians. The endpoint and each measured program run in their own processes; S3 and SQS run
 * in this one.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Upload } from '@aws-sdk/lib-storage'
import { startS3 } from '../emulators/s3/server.ts'
import { startSqs } from '../emulators/sqs/server.ts'
import { startSinkProcess } from '../test/support/sink-process.ts'
import { bundled } from './bundled.ts'
import { benchCommands } from './commands.ts'
import { asBytes, longLines, shortLines } from './files.ts'
import { benchLines, type Result } from './lines.ts'
import { median, runMeasured, type Figures } from './measure.ts'
import { benchPreview } from './preview.ts'
import { benchStages } from './stages.ts'
import { benchStart } from './start.ts'

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    lines: { type: 'string', default: '200000' },
    'in-flight': { type: 'string', default: '64' },
    /** Size of the large file. */
    megabytes: { type: 'string', default: '1000' },
    /** One round and small files, to see that everything runs. */
    quick: { type: 'boolean', default: false },
  },
})
const rounds = flags.quick ? 1 : Number(flags.rounds)
const lines = flags.quick ? 20_000 : Number(flags.lines)
const inFlight = flags['in-flight']

const BUCKET = 'bench'
const QUEUE = 'import'
const MEGABYTE = 1_000_000
const LONG_LINE_BYTES = 7_000

const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-'))
await using cleanup = new AsyncDisposableStack()
cleanup.defer(() => rm(folder, { recursive: true, force: true }))
const importerProgram = await bundled('importer-process.ts', folder)
// It uses all of undici.
const poolProgram = await bundled('pool-process.ts', folder, [])
const s3Server = await startS3({ dir: path.join(folder, 's3') })
cleanup.defer(() => s3Server.stop())
const sqsServer = await startSqs({ dir: path.join(folder, 'sqs') })
cleanup.defer(() => sqsServer.stop())
const sink = await startSinkProcess()
cleanup.defer(() => sink.stop())

const env = {
  AWS_ENDPOINT_URL_S3: s3Server.url,
  AWS_ENDPOINT_URL_SQS: sqsServer.url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  KM_ENDPOINT: sink.url,
  KM_API_KEY: '0123456789abcdef0123456789abcdef01234567',
  KM_DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/none', // unused: every line is valid
  KM_IMPORT_QUEUE_URL: sqsServer.queueUrl(QUEUE),
  KM_BUCKET: BUCKET,
  KM_MAX_IN_FLIGHT: inFlight,
}
Object.assign(process.env, env)
const s3 = new S3Client({})
await s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
// An hour, because the slowest segment must not become visible again while it is being imported.
await new SQSClient({}).send(new CreateQueueCommand({ QueueName: QUEUE, Attributes: { VisibilityTimeout: '3600' } }))

async function upload(key: string, content: Iterable<string>): Promise<void> {
  await new Upload({ client: s3, params: { Bucket: BUCKET, Key: key, Body: asBytes(content) } }).done()
}

/** Each call needs its own key: the importer skips a file that it has imported before. */
async function importOnce(key: string, content: Iterable<string>, nodeFlags: readonly string[] = []): Promise<Figures> {
  await upload(key, content)
  return runMeasured(importerProgram, [BUCKET, key], env, nodeFlags)
}

/** By default V8 grows its heap with the memory of the machine, garbage included. With a small heap, peak RSS is what the importer needs. */
const SMALL_HEAP = ['--optimize-for-size', '--max-semi-space-size=2']

const importer: Figures[] = []
const pool: Figures[] = []
const dispatch: Figures[] = []
const adapter: Figures[] = []
for (let round = 0; round < rounds; round += 1) {
  importer.push(await importOnce(`incoming/short-${round}.json`, shortLines(lines)))
  pool.push(await runMeasured(poolProgram, [sink.url, inFlight, String(lines), 'request'], env))
  dispatch.push(await runMeasured(poolProgram, [sink.url, inFlight, String(lines), 'dispatch'], env))
  adapter.push(await runMeasured(poolProgram, [sink.url, inFlight, String(lines), 'adapter'], env))
  process.stderr.write(`round ${round + 1} of ${rounds}\n`)
}

const rate = (figures: Figures): number => figures.lines / figures.seconds
const cpu = (figures: Figures): number => figures.cpuMicros / figures.lines
const ratio = (of: (figures: Figures) => number, base: readonly Figures[], measured: readonly Figures[] = importer): number =>
  median(measured.map((figures, round) => of(figures) / of(base[round] ?? figures)))

const bigMegabytes = flags.quick ? 100 : Number(flags.megabytes)
const small = await importOnce('incoming/small.json', longLines((10 * MEGABYTE) / LONG_LINE_BYTES), SMALL_HEAP)
const big = await importOnce('incoming/big.json', longLines((bigMegabytes * MEGABYTE) / LONG_LINE_BYTES), SMALL_HEAP)
const usual = await importOnce('incoming/usual.json', longLines((100 * MEGABYTE) / LONG_LINE_BYTES))
const stages = await benchStages(flags.quick ? 1 : undefined)
const splitting = await benchLines(flags.quick ? 1 : undefined)
const preview = await benchPreview(flags.quick ? 1 : undefined)
const start = await benchStart(flags.quick ? 1 : undefined)
const commands = await benchCommands(flags.quick ? 1 : undefined)

const results: readonly Result[] = [
  { name: 'importer', value: median(importer.map(rate)), unit: 'lines/s' },
  { name: 'importer', value: median(importer.map(cpu)), unit: 'CPU-µs per line' },
  { name: 'bare pool (request + dump)', value: median(pool.map(rate)), unit: 'lines/s' },
  { name: 'bare pool (request + dump)', value: median(pool.map(cpu)), unit: 'CPU-µs per line' },
  { name: 'bare pool (dispatch)', value: median(dispatch.map(rate)), unit: 'lines/s' },
  { name: 'bare pool (dispatch)', value: median(dispatch.map(cpu)), unit: 'CPU-µs per line' },
  { name: "the importer's adapter alone", value: median(adapter.map(cpu)), unit: 'CPU-µs per line' },
  { name: 'CPU per line, adapter / bare pool (request)', value: ratio(cpu, pool, adapter), unit: 'ratio' },
  { name: 'lines/s, importer / bare pool (request)', value: ratio(rate, pool), unit: 'ratio', target: '>= 0.95' },
  { name: 'lines/s, importer / bare pool (dispatch)', value: ratio(rate, dispatch), unit: 'ratio', target: '>= 0.80' },
  { name: 'CPU per line, importer / bare pool (request)', value: ratio(cpu, pool), unit: 'ratio', target: '<= 1.05' },
  { name: 'CPU per line, importer / bare pool (dispatch)', value: ratio(cpu, dispatch), unit: 'ratio' },
  ...stages,
  ...splitting,
  ...preview,
  ...start,
  ...commands,
  { name: 'peak RSS, 10 MB file, small heap', value: small.peakRssBytes / MEGABYTE, unit: 'MB' },
  { name: `peak RSS, ${bigMegabytes} MB file in segments, small heap`, value: big.peakRssBytes / MEGABYTE, unit: 'MB' },
  { name: 'difference of the two', value: (big.peakRssBytes - small.peakRssBytes) / MEGABYTE, unit: 'MB', target: '<= 20' },
  { name: 'peak RSS, 100 MB file in segments, default heap', value: usual.peakRssBytes / MEGABYTE, unit: 'MB' },
]

for (const { name, value, unit, target = '' } of results) {
  console.log(`${name.padEnd(58)} ${value.toFixed(value < 10 ? 2 : 0).padStart(9)} ${unit.padEnd(16)} ${target}`)
}
const resultsFile = path.join(import.meta.dirname, 'results', 'latest.json')
await mkdir(path.dirname(resultsFile), { recursive: true })
const about = { node: process.version, rounds, lines, inFlight: Number(inFlight), results }
await writeFile(resultsFile, `${JSON.stringify(about, null, 2)}\n`)
console.log(`\nwritten to ${resultsFile}`)
