import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createHandler } from '../../lambda/app.ts'
import { asError, SetupError } from '../../lambda/errors.ts'
import { INCOMING_PREFIX } from '../../lambda/keys.ts'
import { TEXT_SETTINGS, type Env } from '../../lambda/settings.ts'
import { wiringOf, type Part, type Wiring } from '../../lib/wiring.ts'
import { announce } from '../deployment/deployment.ts'
import { countMessages, queueDepth } from '../deployment/queue-depth.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { StatusLine } from '../terminal/output.ts'
import { BUCKET } from './addresses.ts'
import { readCdkSettings } from './cdk-settings.ts'
import { asDiskFull, checkDiskSpace } from './disk-space.ts'
import { EventSource } from './event-source.ts'
import { greeting } from './greeting.ts'
import type { LocalOptions } from './options.ts'
import { Progress } from './progress.ts'
import { ReportFollower } from './reports.ts'
import { isEmpty, uploadSamples } from './samples.ts'
import { startServers, type Servers } from './servers.ts'
import { notifyOn, terminalLog, type Notify } from './terminal-log.ts'
import { WatchedFolder } from './watched-folder.ts'

const POLL_MS = 250
/** With `--once`: consecutive polls that must find nothing to do before the run ends. */
const IDLE_POLLS_TO_END = 4

/**
 * Runs the whole importer on this computer: the deployed handler, wired as the stack wires it, with emulators of S3, SQS and Kissmetrics
 * and a folder to drop files into.
 *
 * @throws SetupError for what only a person can fix
 */
export async function local(options: LocalOptions): Promise<ExitCode> {
  const status = new StatusLine(process.stderr)
  status.show('Starting…')
  const wiring = wiringOf(await readCdkSettings())
  await using servers = await startServers(options, wiring)
  await using _announced = await announce(options.stateDir, servers.services, servers.emulatorUrl)
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
  readonly #wiring: Wiring
  #source: EventSource | undefined
  #setupError: SetupError | undefined
  #isSetupWrong = false
  #isEndpointDown = false
  #isFileUnreadable = false

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
    this.#progress = new Progress(status, options.json ? undefined : process.stdout)
    this.#folder = this.#openFolder()
    this.#wiring = wiring
  }

  async untilDone(): Promise<ExitCode> {
    using interruption = new Interruption()
    const { sqs, deadLetterQueueUrl } = this.#servers.services
    await this.#reports.skipEarlier() // before the first invocation
    this.#source = this.#openSource(this.#wiring)
    this.#status.clear()
    process.stderr.write(greeting(this.#options, this.#servers, process.stderr))
    await this.#uploadFiles()
    for (let idlePolls = 0; idlePolls < IDLE_POLLS_TO_END;) {
      if (interruption.happened) return EXIT.interrupted
      await checkDiskSpace(this.#options.stateDir)
      if (this.#setupError !== undefined) throw this.#setupError
      if (this.#options.once && this.#isSetupWrong) return EXIT.unusable
      this.#progress.show(await this.#reports.changes(), await countMessages(sqs, deadLetterQueueUrl))
      idlePolls = this.#options.once && (await this.#isIdle()) ? idlePolls + 1 : 0
      await delay(POLL_MS, undefined, { signal: interruption.signal }).catch(() => undefined)
    }
    return this.#result()
  }

  /** The next start continues from what this leaves behind. */
  async stop(): Promise<void> {
    await this.#folder.stop()
    await this.#source?.stop()
    this.#status.clear()
    if (this.#options.json) await this.#reports.write(this.#progress.finished, process.stdout)
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
    return active === 0 && (delayed === 0 || this.#isEndpointDown)
  }

  #result(): ExitCode {
    if (this.#isFileUnreadable) return EXIT.unusable
    const unfinished = this.#progress.unfinished
    for (const { file } of unfinished)
      this.#notify(
        'red',
        'error:',
        this.#isEndpointDown
          ? `${file.key} is not finished, because the endpoint is down. Run the same command again to continue.`
          : `${file.key} is not finished; its message is in the dead-letter queue. See it: npx km-import rejects list.`,
      )
    const isAllDelivered =
      unfinished.length === 0 && [...this.#progress.finished].every((key) => this.#reports.states.get(key) === 'complete')
    return isAllDelivered ? EXIT.ok : EXIT.someLinesLeft
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
      onIgnored: (file, suffixes) => {
        this.#notify('yellow', 'ignored:', `${file} (only files that end in ${suffixes.join(', ')} are imported)`)
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

  #openSource({ eventSource, function: { environment, timeoutSeconds } }: Wiring): EventSource {
    const { s3, sqs, importQueueUrl, importQueueArn } = this.#servers.services
    const log = terminalLog(this.#notify, {
      setupWrong: () => {
        this.#isSetupWrong = true
      },
      endpointDown: () => {
        this.#isEndpointDown = true
      },
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
      KM_CHECKPOINT_SECONDS: '1', // a start after a crash waits for three times as long
      ...values,
      ...process.env,
      ...Object.fromEntries(Object.entries(references).map(([name, part]) => [name, parts[part]])),
      [TEXT_SETTINGS.endpoint]: endpoint.origin,
      [TEXT_SETTINGS.apiKey]: apiKey,
    }
  }
}
