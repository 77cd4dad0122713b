import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { OutOfTime } from '../../../lambda/errors.ts'
import { eventsFor, type Log } from '../../../lambda/events.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { RECONCILE_SCHEMA } from '../../../lambda/keys.ts'
import { resuming } from '../../../lambda/read/resume.ts'
import type { Ports } from '../../../lambda/ports.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { SimulatedEndpoint } from './endpoint.ts'
import { checkEnd, checkNoOrphan, checkNothingLost, Violation, type Observed } from './invariants.ts'
import { modelOf } from './model.ts'
import { Queues, type Message } from './queue.ts'
import type { Scenario } from './scenario.ts'
import { Store } from './store.ts'
import { Worker, type Rules } from './worker.ts'

const FILE: SourceFile = { bucket: 'files', key: 'incoming/a.json', versionId: 'v1', etag: 'e' }

const HOUR_MS = 3_600_000
/** One shared abort reason, because creating an error with a stack is slow. */
const RETURNED = new Error('returned')
/** How often the operator redrives the dead-letter queue. */
const REDRIVE_EVERY_MS = HOUR_MS
/** A run that needs more steps makes no progress. */
const MAX_STEPS = 60_000
const MAX_REDRIVES = 40

export interface Figures {
  readonly steps: number
  readonly requests: number
  readonly invocations: number
  readonly deaths: number
  readonly redrives: number
  readonly ambiguous: number
}

/** Runs the importer through a scenario and checks every promise after each step. @throws Violation */
export async function simulate(scenario: Scenario): Promise<Figures> {
  return new Simulation(scenario).run()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #clock: VirtualClock
  readonly #start: number
  readonly #chance: () => number
  readonly #observed: Observed
  readonly #rules: Rules
  #violation: Violation | undefined
  #steps = 0
  #invocations = 0
  #deaths = 0
  #redrives = 0
  #runs = 0
  #busy = 0
  #isOver = false

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#clock = new VirtualClock(scenario.seed)
    this.#start = this.#clock.now()
    this.#chance = seeded(scenario.seed ^ 0x5eed)
    const model = modelOf(scenario.lines)
    const store = new Store(FILE, model.bytes, (key, value) => {
      this.#check(() => {
        checkNothingLost(this.#observed, key, value)
      })
    })
    const queues = new Queues(() => {
      this.#check(() => {
        checkNoOrphan(this.#observed)
      })
    })
    this.#observed = { file: FILE, model, store, queues, endpoint: new SimulatedEndpoint(scenario, this.#start) }
    this.#rules = {
      step: () => this.#step(),
      latency: () => 1 + Math.floor(this.#chance() * 30),
      awsFails: () => this.#chance() < scenario.faults.cloud,
      chance: this.#chance,
      actedLate: () => {
        this.#fail(new Violation('an invocation does nothing after it has returned'))
      },
    }
  }

  async run(): Promise<Figures> {
    const { queues } = this.#observed
    const now = this.#clock.now()
    const events = this.#scenario.isEventLost ? 0 : 1 + this.#scenario.extraEvents
    for (let event = 0; event < events; event += 1) queues.send(eventOf(FILE), now + Math.floor(this.#chance() * 3_000))
    queues.send(JSON.stringify({ schema: RECONCILE_SCHEMA }), now + 26 * HOUR_MS)
    await Promise.all([this.#operate(), ...Array.from({ length: this.#scenario.workers }, () => this.#work())])
    if (this.#violation !== undefined) throw this.#violation
    checkEnd(this.#observed)
    const { ambiguous, requests } = this.#observed.endpoint
    return {
      steps: this.#steps,
      requests,
      invocations: this.#invocations,
      deaths: this.#deaths,
      redrives: this.#redrives,
      ambiguous,
    }
  }

  /** The event source mapping of Lambda: one invocation after the other. */
  async #work(): Promise<void> {
    const { queues } = this.#observed
    while (!this.#isOver) {
      const message = queues.receive(this.#clock.now())
      if (message === undefined) {
        const waitMs = Math.min(queues.nextVisibleAt - this.#clock.now(), 6 * HOUR_MS)
        await this.#clock.sleep(Math.max(1, waitMs), queues.changed)
        continue
      }
      this.#busy += 1
      await this.#invoke(message)
      this.#busy -= 1
    }
  }

  /** Resolves when the invocation returns or its worker is killed. */
  #invoke(message: Message): Promise<void> {
    this.#invocations += 1
    const { queues } = this.#observed
    return new Promise((resolve) => {
      const worker = new Worker(this.#clock, this.#rules, () => {
        this.#deaths += 1
        queues.abandon(message, this.#clock.now())
        resolve()
      })
      void this.#settle(message, worker).then(resolve)
    })
  }

  async #settle(message: Message, worker: Worker): Promise<void> {
    const { queues } = this.#observed
    const ending = new AbortController()
    const returned = new AbortController()
    void this.#clock.sleep(this.#scenario.invocationMs, returned.signal).then(() => {
      ending.abort(new OutOfTime())
    })
    if (this.#chance() < this.#scenario.faults.deliveredTwice) queues.setVisibleAt(message, this.#clock.now() + 500)
    const invocation = { messageId: message.id, deliveries: message.receives, ending: ending.signal }
    const isDone = await handleMessage(() => readMessage(message.body), this.#portsFor(worker), invocation)
    returned.abort(RETURNED)
    const againAt = this.#clock.now() + Math.min(900, 30 * 2 ** (message.receives - 1)) * 1000
    await worker.end(() => {
      if (isDone) queues.delete(message)
      else queues.setVisibleAt(message, againAt)
    })
  }

  #portsFor(worker: Worker): Ports {
    const { store, queues, endpoint } = this.#observed
    const { faults, maxInFlight, maxLinesPerSecond, segmentBytes } = this.#scenario
    const flip = (rate: number) => () => this.#chance() < rate
    return {
      files: resuming(
        store.files(worker, () => 1 + Math.floor(this.#chance() * 200), flip(faults.body)),
        worker.clock,
      ),
      listing: { pages: () => onePage(worker) },
      reports: store.reports(worker),
      checkpoints: store.checkpoints(worker),
      deadLetters: queues.deadLetterQueue(worker, flip(faults.entry)),
      // Only commands and replays use these.
      deadLetterReader: { take: unused, putBack: unused, remove: unused },
      archived: { put: unused },
      bucket: FILE.bucket,
      importQueue: queues.importQueue(worker),
      endpoint: endpoint.of(worker, this.#chance),
      apiKey: () => Promise.resolve('k'),
      clock: worker.clock,
      newRun: () => `run-${(this.#runs += 1)}`,
      events: eventsFor(SILENT),
      limits: { maxInFlight, maxLinesPerSecond, segmentBytes, maxLineBytes: 1_024, checkpointMs: 1_000, deadlineMarginMs: 0 },
    }
  }

  /** Redrives dead messages and ends the run when no work remains. */
  async #operate(): Promise<void> {
    const { queues } = this.#observed
    while (!this.#isOver) {
      await this.#clock.sleep(REDRIVE_EVERY_MS)
      if (queues.deadMessages.length > 0) this.#redrives += 1
      queues.redrive(this.#clock.now())
      this.#isOver ||= queues.waiting.length === 0 && this.#busy === 0
      if (this.#redrives > MAX_REDRIVES) this.#fail(new Violation(`progress: not done after ${MAX_REDRIVES} redrives`))
    }
  }

  #step(): 'before' | 'after' | undefined {
    this.#steps += 1
    if (this.#steps > MAX_STEPS) this.#fail(new Violation(`progress: not done after ${MAX_STEPS} steps`))
    return this.#scenario.kills.find(({ step }) => step === this.#steps)?.when
  }

  #check(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.#fail(error as Violation)
    }
  }

  #fail(violation: Violation): void {
    this.#violation ??= violation
    this.#isOver = true
  }
}

async function* onePage(worker: Worker) {
  await worker.actOnAws(() => undefined)
  yield [{ file: FILE, lastModified: new Date('2026-01-01T00:00:00Z'), isLatest: true }]
}

function eventOf({ bucket, key, versionId, etag }: SourceFile): string {
  const s3 = { bucket: { name: bucket }, object: { key, versionId, eTag: etag } }
  return JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] })
}

const unused = (): Promise<never> => Promise.reject(new Error('not used in the simulation'))
const nothing = (): void => undefined
const SILENT: Log = { info: nothing, warn: nothing, error: nothing, count: nothing }
