import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TEXT_SETTINGS, type Env } from '../../lambda/settings.ts'
import { createHandler } from '../../lambda/app.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { announce } from '../deployment/deployment.ts'
import { StatusLine } from '../terminal/output.ts'
import { BUCKET } from './services.ts'
import { WatchedFolder } from './drop-folder.ts'
import { EventSource } from './event-source.ts'
import { greeting } from './greeting.ts'
import { Interruption } from '../terminal/interruption.ts'
import type { LocalOptions } from './options.ts'
import { Progress } from './progress.ts'
import { countMessages, queueDepth } from '../deployment/queue-depth.ts'
import { ReportFollower } from './reports.ts'
import { copySamples, isEmpty } from './samples.ts'
import { notifyOn, terminalLog, type Notify } from './terminal-log.ts'
import { startServers, type Servers } from './servers.ts'
import { synthesize } from './synth.ts'
import { readWiring, type Wiring } from './template.ts'

const LOOK_MS = 250
/** So many looks in a row must find nothing to do before a run with `--once` is over. */
const QUIET_LOOKS = 4

/**
 * The whole importer on this computer: the deployed handler and wiring, S3 and SQS of our own, a folder to drop files into, and a
 * stand-in for Kissmetrics.
 *
 * @throws SetupError for what only a person can mend
 */
export async function local(options: LocalOptions): Promise<ExitCode> {
  const status = new StatusLine(process.stderr)
  status.show('Starting…')
  const template = await synthesize(path.join(options.stateDir, 'cdk.out'))
  const wiring = readWiring(JSON.parse(await readFile(template, 'utf8')))
  await using servers = await startServers(options, wiring)
  await using _announced = await announce(options.stateDir, servers.cloud, servers.emulatorUrl)
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
  readonly #prefix: string
  readonly #reports: ReportFollower
  readonly #progress: Progress
  readonly #folder: WatchedFolder
  readonly #source: EventSource
  #isSetupWrong = false
  #isEndpointDown = false
  #isFileUnreadable = false

  constructor(options: LocalOptions, wiring: Wiring, servers: Servers, status: StatusLine) {
    this.#options = options
    this.#servers = servers
    this.#status = status
    this.#notify = notifyOn(process.stderr, status)
    this.#prefix = wiring.notifications[0]?.prefix ?? ''
    this.#reports = new ReportFollower(servers.cloud.s3, BUCKET, path.join(options.stateDir, 'reports'))
    this.#progress = new Progress(status, options.json ? undefined : process.stdout)
    this.#folder = this.#openFolder(wiring)
    this.#source = this.#openSource(wiring)
  }

  async untilDone(): Promise<ExitCode> {
    using interruption = new Interruption()
    const { cloud } = this.#servers
    await this.#reports.changes() // what ended in an earlier run is not told again
    this.#status.clear()
    process.stderr.write(greeting(this.#options, this.#servers, process.stderr))
    const isFirstStart = (await isEmpty(cloud.s3, BUCKET)) && (await this.#folder.files()).length === 0
    if (isFirstStart && this.#options.samples && this.#servers.emulatorUrl !== undefined) {
      this.#notify('dim', 'first start:', 'nothing to import yet, so here are the samples.')
      await copySamples(cloud.s3, BUCKET, this.#prefix)
    }
    await this.#folder.scan()
    for (let quietLooks = 0; quietLooks < QUIET_LOOKS;) {
      if (interruption.happened) return EXIT.interrupted
      if (this.#options.once && this.#isSetupWrong) return EXIT.unusable
      this.#progress.show(await this.#reports.changes(), await countMessages(cloud.sqs, cloud.deadLetterQueueUrl))
      quietLooks = this.#options.once && (await this.#isQuiet()) ? quietLooks + 1 : 0
      await delay(LOOK_MS, undefined, { signal: interruption.signal }).catch(() => undefined)
    }
    return this.#verdict()
  }

  /** Everything is left so that the next start goes on from here. */
  async stop(): Promise<void> {
    await this.#folder.stop()
    await this.#source.stop()
    this.#status.clear()
    if (this.#options.json) process.stdout.write(`${JSON.stringify(this.#progress.finished, null, 2)}\n`)
  }

  async #isQuiet(): Promise<boolean> {
    const { sqs, importQueueUrl } = this.#servers.cloud
    if (this.#folder.isUploading || !this.#source.isIdle) return false
    const { active, delayed } = await queueDepth(sqs, importQueueUrl)
    // What an outage has put off could come again for days.
    return active === 0 && (delayed === 0 || this.#isEndpointDown)
  }

  #verdict(): ExitCode {
    if (this.#isFileUnreadable) return EXIT.unusable
    const unfinished = this.#progress.unfinished
    for (const { file } of unfinished)
      this.#notify(
        'red',
        'error:',
        this.#isEndpointDown
          ? `${file.key} is not finished, since the endpoint is down. The same command goes on from here.`
          : `${file.key} was not finished; it waits among the dead letters.`,
      )
    const isAllDelivered = unfinished.length === 0 && this.#progress.finished.every(({ state }) => state === 'complete')
    return isAllDelivered ? EXIT.ok : EXIT.someLinesLeft
  }

  #openFolder({ notifications }: Wiring): WatchedFolder {
    const suffixes = notifications.map(({ suffix }) => suffix)
    return new WatchedFolder(this.#servers.cloud.s3, {
      folder: this.#options.watchedDir,
      bucket: BUCKET,
      prefix: this.#prefix,
      suffixes,
      onIgnored: (file) => {
        this.#notify('yellow', 'ignored:', `${file} (names of drops end with ${suffixes.join(', ')})`)
      },
      onUnreadable: (file, code) => {
        this.#isFileUnreadable = true
        this.#notify(
          'red',
          'error:',
          `${file} could not be read (${code}). Give yourself access to it, or take it out of the folder.`,
        )
      },
    })
  }

  #openSource({ eventSource, function: { environment, timeoutSeconds } }: Wiring): EventSource {
    const { cloud } = this.#servers
    const log = terminalLog(this.#notify, {
      setupWrong: () => {
        this.#isSetupWrong = true
      },
      endpointDown: () => {
        this.#isEndpointDown = true
      },
    })
    return new EventSource(cloud.sqs, createHandler(this.#environment(environment), log), {
      queueUrl: cloud.importQueueUrl,
      queueArn: cloud.importQueueArn,
      batchSize: eventSource.batchSize,
      timeoutMs: timeoutSeconds * 1000,
      concurrency: eventSource.maximumConcurrency,
      onError: (error) => {
        this.#notify('red', 'error:', error instanceof Error ? error.message : String(error))
      },
    })
  }

  /** The environment of the deployed function, but for what is elsewhere here: endpoint, key, queues. Knobs are set as one sets them. */
  #environment(deployed: Readonly<Record<string, unknown>>): Env {
    const { cloud, endpoint, apiKey } = this.#servers
    const overrides = Object.entries(deployed).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return {
      KM_CHECKPOINT_SECONDS: '1', // who starts again after a crash waits for three times as long
      ...Object.fromEntries(overrides),
      ...process.env,
      [TEXT_SETTINGS.endpoint]: endpoint.origin,
      [TEXT_SETTINGS.apiKeySecret]: undefined,
      [TEXT_SETTINGS.apiKey]: apiKey,
      [TEXT_SETTINGS.importQueueUrl]: cloud.importQueueUrl,
      [TEXT_SETTINGS.deadLetterQueueUrl]: cloud.deadLetterQueueUrl,
      [TEXT_SETTINGS.bucket]: BUCKET,
    }
  }
}
