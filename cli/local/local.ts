import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { s3Listing } from '../../lambda/adapters/s3-objects.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { asError, SetupError } from '../../lambda/errors.ts'
import { newTask, taskBody } from '../../lambda/intake/task.ts'
import { INCOMING_PREFIX } from '../../lambda/keys.ts'
import { TEXT_SETTINGS } from '../../lambda/settings/names.ts'
import type { Env } from '../../lambda/settings/numbers.ts'
import { parsePlaces } from '../../lambda/settings/places.ts'
import { wiringOf, type Part, type Wiring } from '../../lib/wiring.ts'
import { ExpectedLines } from '../deployment/expected-lines.ts'
import { countMessages, queueDepth } from '../deployment/queue-depth.ts'
import { announce, refuseSecond } from '../deployment/running.ts'
import { nameUnreachable } from '../network/name-unreachable.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { openBrowser } from '../terminal/open-browser.ts'
import { Interruption } from '../terminal/interruption.ts'
import { StatusLine } from '../terminal/output.ts'
import { BUCKET } from './addresses.ts'
import { readCdkSettings } from './cdk-settings.ts'
import { DailyArchive } from './daily-archive.ts'
import { asDiskFull, checkDiskSpace } from './disk-space.ts'
import { EventSource } from './event-source.ts'
import { greeting } from './greeting.ts'
import type { LocalOptions } from './options.ts'
import { Progress } from './progress.ts'
import { ReportFollower } from './reports.ts'
import { findRemainingWork } from './remaining-work.ts'
import { isEmpty, uploadSamples } from './samples.ts'
import { runResult, setupResult, stateDirOption } from './run-result.ts'
import { LOCAL_CHECKPOINT_SECONDS, startServers, type Servers } from './servers.ts'
import { notifyOn, terminalLog, type Notify } from './terminal-log.ts'
import { WatchedFolder } from './watched-folder.ts'

const POLL_MS = 250
/** With `--once`: consecutive polls that must find nothing to do before the run ends. */
const IDLE_POLLS_TO_END = 4
/** The arguments as typed, for the command that continues. */
const typedArgs = (): readonly string[] => process.argv.slice(2)

/**
 * Runs the whole importer on this computer: the deployed handler, wired as the stack wires it, with emulators of S3, SQS and Kissmetrics
 * and a folder to drop files into.
 *
 * @throws SetupError for what only a person can fix
 */
export async function local(options: LocalOptions): Promise<ExitCode> {
  process.umask(0o077) // the state folder holds personal data, and the credentials of the emulators
  const status = new StatusLine(process.stderr)
  status.show('Starting…')
  const wiring = wiringOf(await readCdkSettings())
  await refuseSecond(options.stateDir)
  await using servers = await startServers(options, wiring)
  const { services, target, consoleUrl } = servers
  await using _announced = await announce(options.stateDir, services, {
    watchedDir: options.watchedDir,
    ...target,
    ...(consoleUrl !== undefined && { consoleUrl }),
  })
  const run = new LocalRun(options, wiring, servers, status)
  try {
    return await run.untilDone()
  } finally {
    await run.stop()
  }
}

class LocalRun {
  readonly #options: LocalOptions
  readonly #servers: Servers
  readonly #status: StatusLine
  readonly #notify: Notify
  readonly #reports: ReportFollower
  readonly #progress: Progress
  readonly #folder: WatchedFolder
  readonly #archive: DailyArchive
  readonly #wiring: Wiring
  #source: EventSource | undefined
  /** The metrics that the importer has counted in this run. */
  readonly #metrics = new Set<string>()
  #setupError: SetupError | undefined
  #isFileUnreadable = false
  #isSearchDone = false

  constructor(options: LocalOptions, wiring: Wiring, servers: Servers, status: StatusLine) {
    this.#options = options
    this.#servers = servers
    this.#status = status
    this.#notify = notifyOn(process.stderr, status)
    this.#reports = new ReportFollower(servers.services, {
      folder: path.join(options.stateDir, 'reports'),
      onProblem: (problem) => {
        this.#notify('yellow', 'note:', problem)
      },
    })
    const results = options.json ? undefined : process.stdout
    const expectedLines = new ExpectedLines({ s3: servers.services.s3, bucket: BUCKET })
    const hints = { deploymentOptions: stateDirOption(options.stateDir), watchedDir: options.watchedDir }
    this.#progress = new Progress(status, results, hints, (report) => expectedLines.of(report))
    this.#folder = this.#openFolder()
    this.#archive = new DailyArchive(servers.services)
    this.#wiring = wiring
  }

  async untilDone(): Promise<ExitCode> {
    using interruption = new Interruption()
    const { sqs, deadLetterQueueUrl } = this.#servers.services
    this.#status.clear()
    process.stderr.write(greeting(this.#options, this.#servers, process.stderr))
    this.#checkEndpoint()
    await this.#reports.skipEarlier() // before the first invocation
    this.#source = await this.#openSource(this.#wiring)
    if (this.#options.isOpening && this.#servers.consoleUrl !== undefined) openBrowser(this.#servers.consoleUrl)
    await this.#uploadFiles()
    for (let idlePolls = 0; idlePolls < IDLE_POLLS_TO_END;) {
      if (interruption.happened) return EXIT.interrupted
      await checkDiskSpace(this.#options.stateDir)
      await this.#archive.check()
      if (this.#setupError !== undefined) throw this.#setupError
      if (this.#options.once && this.#metrics.has('SetupErrors')) return setupResult(typedArgs(), process.stderr)
      await this.#progress.show(await this.#reports.changes(), await countMessages(sqs, deadLetterQueueUrl))
      idlePolls = await this.#countIdlePolls(idlePolls)
      await delay(POLL_MS, undefined, { signal: interruption.signal }).catch(() => undefined)
    }
    this.#status.clear()
    return await runResult(
      {
        services: this.#servers.services,
        stateDir: this.#options.stateDir,
        states: this.#reports.states,
        isEndpointDown: this.#metrics.has('EndpointDown'),
        isFileUnreadable: this.#isFileUnreadable,
        args: typedArgs(),
      },
      process.stderr,
    )
  }

  /** The next start continues from what this leaves behind. */
  async stop(): Promise<void> {
    await this.#folder.stop()
    await this.#source?.stop()
    this.#status.clear()
    if (this.#options.json) await this.#reports.write(this.#progress.finished, process.stdout)
  }

  /** An endpoint that cannot be reached is named before the first file needs it. The emulator runs in this process. */
  #checkEndpoint(): void {
    const { target } = this.#options
    if (target === undefined) return
    void nameUnreachable(target.endpoint, (text) => {
      this.#notify('yellow', 'note:', `${text} Files wait until it answers.`)
    })
  }

  /** Uploads what is in the folder; on an empty first start, the samples. */
  async #uploadFiles(): Promise<void> {
    const { s3 } = this.#servers.services
    const isFirstStart = (await isEmpty(s3, BUCKET)) && (await this.#folder.isEmpty())
    if (isFirstStart && this.#options.samples && this.#servers.emulatorUrl !== undefined) {
      this.#notify('dim', 'first start:', 'there is nothing to import yet, so the samples are imported.')
      await uploadSamples(s3, BUCKET)
    }
    this.#folder.start()
  }

  async #isIdle(): Promise<boolean> {
    const { sqs, importQueueUrl } = this.#servers.services
    if (this.#folder.isUploading || this.#source?.isIdle !== true) return false
    const { active, delayed } = await queueDepth(sqs, importQueueUrl)
    // During an outage, work is retried later, possibly for days: `--once` does not wait for it.
    return active === 0 && (delayed === 0 || ['EndpointDown', 'AnswersDelayed'].some((metric) => this.#metrics.has(metric)))
  }

  /** Without `--once` it only looks for the first time that there is nothing to do, and never counts to the end. */
  async #countIdlePolls(idlePolls: number): Promise<number> {
    const { once } = this.#options
    if ((!once && this.#isSearchDone) || !(await this.#isIdle())) return 0
    if (idlePolls + 1 < IDLE_POLLS_TO_END) return idlePolls + 1
    return (await this.#queueLostWork()) > 0 || !once ? 0 : IDLE_POLLS_TO_END
  }

  /**
   * Once in a run, when the queue is empty: queues the imports that have not ended. Their messages were lost, or failed too often in an
   * earlier run. What has failed in this run would fail again: it waits for the next start.
   *
   * @returns how many were queued
   */
  async #queueLostWork(): Promise<number> {
    if (this.#isSearchDone) return 0
    this.#isSearchDone = true
    if (['Crashes', 'EndpointDown'].some((metric) => this.#metrics.has(metric))) return 0
    const { s3, sqs, importQueueUrl } = this.#servers.services
    const { unfinished } = await findRemainingWork(
      s3Listing(s3, parsePlaces(undefined, BUCKET), BUCKET).pages(),
      this.#reports.states,
    )
    const queue = sqsImportQueue(sqs, importQueueUrl)
    for (const file of unfinished) await queue.send(taskBody({ ...newTask(file), foundBySearch: true }), 0)
    return unfinished.length
  }

  /** An error that only the user can fix ends the run; after any other, the rest goes on. */
  #fail(cause: Error): void {
    const error = asDiskFull(cause, this.#options.stateDir)
    if (error instanceof SetupError) this.#setupError = error
    else this.#notify('red', 'error:', error.message)
  }

  #openFolder(): WatchedFolder {
    return new WatchedFolder(this.#servers.services.s3, {
      folder: this.#options.watchedDir,
      bucket: BUCKET,
      prefix: INCOMING_PREFIX,
      onSkipped: (file, why) => {
        this.#notify('yellow', 'skipped:', `${file}: ${why}`)
      },
      onProblem: (file, problem) => {
        this.#isFileUnreadable = true
        this.#notify('red', 'error:', `${file} ${problem}.`)
      },
      onNote: (note) => {
        this.#notify('yellow', 'note:', note)
      },
      checkRoom: (bytes) => checkDiskSpace(this.#options.stateDir, bytes),
      onError: (error) => {
        this.#fail(error)
      },
    })
  }

  async #openSource({ eventSource, function: { environment, timeoutSeconds } }: Wiring): Promise<EventSource> {
    // Loaded after the addresses are shown: it is half of the start.
    const { createHandler } = await import('../../lambda/app.ts')
    const { s3, sqs, importQueueUrl, importQueueArn } = this.#servers.services
    const log = terminalLog(this.#notify, (metric) => {
      this.#metrics.add(metric)
    })
    return new EventSource(sqs, createHandler(this.#environment(environment), log, { s3, sqs }), {
      queueUrl: importQueueUrl,
      queueArn: importQueueArn,
      batchSize: eventSource.batchSize,
      timeoutMs: timeoutSeconds * 1000,
      concurrency: eventSource.maximumConcurrency,
      onError: (error) => {
        this.#fail(asError(error))
      },
    })
  }

  /** The environment of the deployed function, but with the parts, the endpoint and the key of this computer. The shell overrides settings. */
  #environment({ values, references }: Wiring['function']['environment']): Env {
    const { services, endpoint, apiKey } = this.#servers
    const parts: Readonly<Record<Part, string | undefined>> = {
      bucket: BUCKET,
      importQueueUrl: services.importQueueUrl,
      deadLetterQueueUrl: services.deadLetterQueueUrl,
      apiKeySecretArn: undefined, // the key is passed directly
    }
    return {
      KM_CHECKPOINT_SECONDS: String(LOCAL_CHECKPOINT_SECONDS),
      ...values,
      ...process.env,
      ...Object.fromEntries(Object.entries(references).map(([name, part]) => [name, parts[part]])),
      [TEXT_SETTINGS.endpoint]: endpoint.origin,
      [TEXT_SETTINGS.apiKey]: apiKey,
    }
  }
}
