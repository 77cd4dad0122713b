import { closeSync, openSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StatusLine } from '../../../cli/terminal/output.ts'
import { NUMBER_SETTINGS } from '../../../lambda/settings/numbers.ts'
import { API_KEY } from '../../support/installation.ts'
import { bundleProgram } from '../../../bin/function-bundle.ts'
import { Operator } from './operator.ts'
import { planKills } from './kill-plan.ts'
import { CANARY, generateLines, gzipFile, REFUSED, writeTestFile } from './test-file.ts'
import { MANIFEST, type FileEvidence, type Manifest } from './evidence.ts'
import { Installation } from './installation.ts'
import type { Options } from './options.ts'
import { StallDetector } from './stall-detector.ts'
import { AwsProcess, ImporterProcess, SinkProcess, type ImporterOptions } from './processes.ts'

/** From docs/guarantees.md: how many lines an interrupted invocation may repeat, per request that may be in flight. */
const REPEATS_PER_REQUEST = 88

/** A little longer than a message stays hidden after its importer was killed. */
const HIDDEN_MS = 181_000
const INVOCATION_MS = 8_000
const OUTAGE_MS = 3_000
const POLL_MS = 200
const STATUS_EVERY_MS = 5_000
/** The clock moves forward after this many polls without a running invocation. */
const IDLE_POLLS = 10
/** Messages that were received too often because of kills need one or two redrives after the last kill. */
const MAX_REDRIVES = 10
const SINK_LOG = 'sink.jsonl'
const DEAD_LETTERS = 'dead-letters.jsonl'
const IMPORTER_LOG = 'importer.log'

/** The steps of a run. */
export class ChaosRun implements AsyncDisposable {
  readonly #options: Options
  readonly #folder: string
  readonly #cleanup: AsyncDisposableStack
  readonly #aws: AwsProcess
  readonly #sink: SinkProcess
  readonly #installation: Installation
  readonly #operator: Operator
  readonly #importers: ImporterOptions
  readonly #stallDetector: StallDetector
  readonly #status = new StatusLine(process.stderr)
  #statusAt = 0
  readonly #startedAt = performance.now()
  #files: readonly FileEvidence[] = []
  #offsetMs = 0
  #kills = 0
  #killedAtWork = 0
  #requeued = 0

  private constructor(
    options: Options,
    folder: string,
    cleanup: AsyncDisposableStack,
    { aws, sink, file, log }: Pick<ImporterOptions, 'aws' | 'sink' | 'file' | 'log'>,
  ) {
    this.#options = options
    this.#folder = folder
    this.#cleanup = cleanup
    this.#aws = aws
    this.#sink = sink
    this.#installation = new Installation(aws, folder)
    this.#operator = new Operator(this.#installation.sqs, aws.urls, path.join(folder, DEAD_LETTERS))
    this.#stallDetector = new StallDetector(options.stallMs)
    this.#importers = {
      file,
      log,
      aws,
      sink,
      concurrency: options.concurrency,
      timeoutMs: INVOCATION_MS,
      env: {
        KM_SEGMENT_BYTES: String(options.segmentBytes),
        KM_MAX_IN_FLIGHT: String(options.inFlight),
        KM_CHECKPOINT_SECONDS: '1',
        KM_DEADLINE_MARGIN_SECONDS: '1',
      },
    }
  }

  /** Starts the processes that run until the end. */
  static async start(options: Options, folder: string): Promise<ChaosRun> {
    await using starting = new AsyncDisposableStack()
    const state = path.join(folder, 'state')
    starting.defer(() => rm(state, { recursive: true, force: true }))
    await mkdir(state, { recursive: true })
    await writeFile(path.join(folder, DEAD_LETTERS), '')
    const log = openSync(path.join(folder, IMPORTER_LOG), 'a')
    starting.defer(() => {
      closeSync(log)
    })
    const program = path.join(state, 'importer')
    const file = await bundleProgram(program, path.join(import.meta.dirname, 'importer-process.ts'))
    const aws = starting.use(await AwsProcess.start(path.join(state, 'aws')))
    const sink = starting.use(
      await SinkProcess.start({
        seed: options.seed,
        log: path.join(folder, SINK_LOG),
        refused: REFUSED,
        outageAfter: Math.ceil(options.lines * (0.3 + (options.seed % 40) / 100)),
        outageMs: OUTAGE_MS,
      }),
    )
    return new ChaosRun(options, folder, starting.move(), { aws, sink, file, log })
  }

  /** Uploads one large file and three small ones. */
  async uploadFiles(): Promise<void> {
    const { lines, seed } = this.#options
    const few = Math.max(20, Math.ceil(lines / 100))
    const files = [
      { file: 'big.json', count: lines, isGzipped: false },
      { file: 'small.ndjson', count: few, isGzipped: false },
      { file: 'packed.jsonl.gz', count: few * 2, isGzipped: true },
      { file: 'tiny.json', count: 20, isGzipped: false },
    ]
    let first = 1
    for (const [index, { file, count, isGzipped }] of files.entries()) {
      const whole = path.join(this.#folder, file)
      const plain = isGzipped ? `${whole}.plain` : whole
      await writeTestFile(plain, generateLines(seed + index, count, first))
      if (isGzipped) await gzipFile(plain, whole)
      if (isGzipped) await rm(plain)
      first += count
      this.#files = [...this.#files, await this.#installation.file(file, isGzipped)]
    }
  }

  async killRepeatedly(): Promise<void> {
    const { seed, kills, lines } = this.#options
    for (const kill of planKills(seed, kills, lines)) {
      const importer = new ImporterProcess(this.#importers, this.#offsetMs, kill)
      await importer.runUntil(kill)
      this.#kills += 1
      this.#killedAtWork += importer.running
      this.#requeued += importer.requeued
      this.#advanceClock()
      await this.#operator.attend()
      await this.#observe(importer)
    }
  }

  /** Without further kills the importer must finish all work. */
  async finish(): Promise<void> {
    const importer = this.#cleanup.use(new ImporterProcess(this.#importers, this.#offsetMs))
    const { redrives } = this.#operator
    let idle = 0
    while (!(await this.#isOver(importer))) {
      if (importer.hasEnded) throw new Error(`the importer ended unexpectedly; see the end of ${IMPORTER_LOG}`)
      if (this.#operator.redrives - redrives > MAX_REDRIVES)
        throw new Error(`messages keep failing although the importer is no longer killed; see ${IMPORTER_LOG}`)
      idle = importer.running === 0 ? idle + 1 : 0
      if (idle > 0 && idle % IDLE_POLLS === 0) {
        this.#advanceClock(importer)
        await this.#installation.wakePollers()
      }
      await this.#observe(importer)
      await delay(POLL_MS)
    }
    this.#requeued += importer.requeued
    await importer[Symbol.asyncDispose]()
    await this.#sink.flush()
    this.#status.clear()
  }

  async writeEvidence(): Promise<void> {
    const manifest: Manifest = {
      seed: this.#options.seed,
      apiKey: API_KEY,
      canary: CANARY,
      refused: REFUSED,
      maxLineBytes: NUMBER_SETTINGS.KM_MAX_LINE_BYTES.default,
      kills: this.#kills,
      killedAtWork: this.#killedAtWork,
      requeued: this.#requeued,
      maxRepeatsEach: REPEATS_PER_REQUEST * this.#options.inFlight,
      redrives: this.#operator.redrives,
      seconds: (performance.now() - this.#startedAt) / 1000,
      files: this.#files,
      sinkLog: SINK_LOG,
      deadLetters: DEAD_LETTERS,
      importerLog: IMPORTER_LOG,
    }
    await writeFile(path.join(this.#folder, MANIFEST), JSON.stringify(manifest, null, 2))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#status.clear()
    await this.#cleanup.disposeAsync()
  }

  async #isOver(importer: ImporterProcess): Promise<boolean> {
    if (await this.#operator.attend()) return false
    if ((await this.#installation.storeReports(this.#files)) < this.#files.length) return false
    if (importer.running > 0 || (await this.#installation.waitingMessages()) > 0) return false
    return !(await this.#operator.attend()) // the last rejected lines
  }

  /** Without a terminal, each status is a line of its own, so there are fewer. */
  #showStatus(state: string): void {
    const now = performance.now()
    if (!process.stderr.isTTY && now - this.#statusAt < STATUS_EVERY_MS) return
    this.#statusAt = now
    this.#status.show(state)
  }

  #advanceClock(importer?: ImporterProcess): void {
    this.#offsetMs += HIDDEN_MS
    this.#aws.advanceClock(HIDDEN_MS)
    importer?.advanceClock(HIDDEN_MS)
  }

  async #observe({ running }: ImporterProcess): Promise<void> {
    const reports = await this.#installation.storeReports(this.#files)
    const { deadLetters, redrives } = this.#operator
    const state = `${this.#kills} kills, ${this.#sink.accepted} requests accepted, ${reports} of ${this.#files.length} files done`
    this.#showStatus(state)
    const messages = await this.#installation.waitingMessages()
    this.#stallDetector.observe(
      `${state}, ${deadLetters} dead letters, ${redrives} redrives`,
      `${messages} messages in the import queue, ${running} running invocations`,
    )
  }
}
