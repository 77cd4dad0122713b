import { closeSync, openSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StatusLine } from '../../../cli/terminal/output.ts'
import { NUMBER_SETTINGS } from '../../../lambda/settings.ts'
import { API_KEY } from '../../support/installation.ts'
import { buildBundle } from '../../support/lambda-runtime/bundle.ts'
import { Operator } from './dead-letters.ts'
import { planDeaths } from './kills.ts'
import { CANARY, makeLines, packFile, UNWELCOME, writeTestFile } from './test-file.ts'
import { MANIFEST, type FileEvidence, type Manifest } from './evidence.ts'
import { Installation } from './installation.ts'
import type { Options } from './options.ts'
import { Patience } from './patience.ts'
import { CloudProcess, ImporterProcess, SinkProcess, type ImporterOptions } from './processes.ts'

/** What is promised (docs/guarantees.md): for each request that may be in flight, the most lines that an invocation which broke off repeats. */
const REPEATS_PER_REQUEST = 128

/** Longer than a message stays hidden when its importer was killed. */
const HIDDEN_MS = 181_000
const INVOCATION_MS = 8_000
const OUTAGE_MS = 3_000
const LOOK_MS = 200
const SHOW_EVERY_MS = 5_000
/** Where work waits and nobody works for so many looks, time passes. */
const IDLE_LOOKS = 10
/** What was delivered too often since its importers were killed is sent back once or twice when that has an end. */
const MOST_REDRIVES = 10
const SINK_LOG = 'sink.jsonl'
const DEAD_LETTERS = 'letters.jsonl'
const IMPORTER_LOG = 'importer.log'

/** A run, told step by step. */
export class Story implements AsyncDisposable {
  readonly #options: Options
  readonly #folder: string
  readonly #cleanup: AsyncDisposableStack
  readonly #cloud: CloudProcess
  readonly #sink: SinkProcess
  readonly #installation: Installation
  readonly #operator: Operator
  readonly #importers: ImporterOptions
  readonly #patience: Patience
  readonly #status = new StatusLine(process.stderr)
  #shownAt = 0
  readonly #startedAt = performance.now()
  #files: readonly FileEvidence[] = []
  #aheadMs = 0
  #kills = 0
  #killedAtWork = 0
  #requeued = 0

  private constructor(
    options: Options,
    folder: string,
    cleanup: AsyncDisposableStack,
    { cloud, sink, file, log }: Pick<ImporterOptions, 'cloud' | 'sink' | 'file' | 'log'>,
  ) {
    this.#options = options
    this.#folder = folder
    this.#cleanup = cleanup
    this.#cloud = cloud
    this.#sink = sink
    this.#installation = new Installation(cloud, folder)
    this.#operator = new Operator(this.#installation.sqs, cloud.urls, path.join(folder, DEAD_LETTERS))
    this.#patience = new Patience(options.patienceMs)
    this.#importers = {
      file,
      log,
      cloud,
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

  /** Starts what lives on to the end. */
  static async begin(options: Options, folder: string): Promise<Story> {
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
    await buildBundle(program, path.join(import.meta.dirname, 'importer-process.ts'))
    const cloud = starting.use(await CloudProcess.start(path.join(state, 'cloud')))
    const sink = starting.use(
      await SinkProcess.start({
        seed: options.seed,
        log: path.join(folder, SINK_LOG),
        unwelcome: UNWELCOME,
        outageAfter: Math.ceil(options.lines * (0.3 + (options.seed % 40) / 100)),
        outageMs: OUTAGE_MS,
      }),
    )
    const file = path.join(program, 'index.mjs')
    return new Story(options, folder, starting.move(), { cloud, sink, file, log })
  }

  /** One big drop, and three small ones beside it. */
  async dropFiles(): Promise<void> {
    const { lines, seed } = this.#options
    const few = Math.max(20, Math.ceil(lines / 100))
    const files = [
      { file: 'big.json', count: lines, isPacked: false },
      { file: 'small.ndjson', count: few, isPacked: false },
      { file: 'packed.jsonl.gz', count: few * 2, isPacked: true },
      { file: 'tiny.json', count: 20, isPacked: false },
    ]
    let first = 1
    for (const [index, { file, count, isPacked }] of files.entries()) {
      const whole = path.join(this.#folder, file)
      const plain = isPacked ? `${whole}.plain` : whole
      await writeTestFile(plain, makeLines(seed + index, count, first))
      if (isPacked) await packFile(plain, whole)
      if (isPacked) await rm(plain)
      first += count
      this.#files = [...this.#files, await this.#installation.file(file, isPacked)]
    }
  }

  async killAgainAndAgain(): Promise<void> {
    const { seed, kills, lines } = this.#options
    for (const death of planDeaths(seed, kills, lines)) {
      const importer = new ImporterProcess(this.#importers, this.#aheadMs, death)
      await importer.liveUntil(death)
      this.#kills += 1
      this.#killedAtWork += importer.running
      this.#requeued += importer.requeued
      this.#letTimePass()
      await this.#operator.attend()
      await this.#look(importer)
    }
  }

  /** Left alone, the importer has to come to the end of everything, however much it was killed. */
  async letItFinish(): Promise<void> {
    const importer = this.#cleanup.use(new ImporterProcess(this.#importers, this.#aheadMs))
    const { redrives } = this.#operator
    let idle = 0
    while (!(await this.#isOver(importer))) {
      if (importer.hasEnded) throw new Error(`the importer ended by itself; what it said last is at the end of ${IMPORTER_LOG}`)
      if (this.#operator.redrives - redrives > MOST_REDRIVES)
        throw new Error(`nobody kills it any more, and messages fail again and again; why stands in ${IMPORTER_LOG}`)
      idle = importer.running === 0 ? idle + 1 : 0
      if (idle > 0 && idle % IDLE_LOOKS === 0) {
        this.#letTimePass(importer)
        await this.#installation.wakePollers()
      }
      await this.#look(importer)
      await delay(LOOK_MS)
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
      unwelcome: UNWELCOME,
      maxLineBytes: NUMBER_SETTINGS.KM_MAX_LINE_BYTES.default,
      kills: this.#kills,
      killedAtWork: this.#killedAtWork,
      requeued: this.#requeued,
      repeatsEach: REPEATS_PER_REQUEST * this.#options.inFlight,
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
    if ((await this.#installation.keepReports(this.#files)) < this.#files.length) return false
    if (importer.running > 0 || (await this.#installation.waitingMessages()) > 0) return false
    return !(await this.#operator.attend()) // what was handed back last
  }

  /** What is not a terminal keeps every line, so it is given few. */
  #show(state: string): void {
    const now = performance.now()
    if (!process.stderr.isTTY && now - this.#shownAt < SHOW_EVERY_MS) return
    this.#shownAt = now
    this.#status.show(state)
  }

  #letTimePass(importer?: ImporterProcess): void {
    this.#aheadMs += HIDDEN_MS
    this.#cloud.letTimePass(HIDDEN_MS)
    importer?.letTimePass(HIDDEN_MS)
  }

  async #look({ running }: ImporterProcess): Promise<void> {
    const reports = await this.#installation.keepReports(this.#files)
    const { deadLetters, redrives } = this.#operator
    const state = `${this.#kills} kills, ${this.#sink.taken} requests taken, ${reports} of ${this.#files.length} drops done`
    this.#show(state)
    const messages = await this.#installation.waitingMessages()
    this.#patience.look(
      `${state}, ${deadLetters} dead letters, ${redrives} redrives`,
      `${messages} messages in the import queue, ${running} invocations at work`,
    )
  }
}
