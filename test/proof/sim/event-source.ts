import { eventsFor, type Log } from '../../../lambda/events.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { Deadline } from '../../../lambda/jobs/deadline.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { holdsMessage, whileHidden } from '../../../lambda/jobs/visibility.ts'
import type { ImportQueue, InvocationContext, Ports } from '../../../lambda/ports.ts'
import { resuming } from '../../../lambda/read/resume.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'
import { answerPorts } from './answers.ts'
import type { FaultSource } from './fault-source.ts'
import { Violation, type Observed } from './observed.ts'
import type { Receipt } from './queue.ts'
import { MAX_MERGED, MAX_SAME_REASON, type Scenario } from './scenario.ts'
import { Worker, type Rules } from './worker.ts'

/** Lambda ends an invocation this long after its deadline. */
const GRACE_MS = 60_000
/** An invocation is interrupted in its first seconds, or never. */
const MAX_INTERRUPTED_MS = 5_000
const MAX_IDLE_MS = 6 * 3_600_000

/** One shared abort reason, because creating an error with a stack is slow. */
const RETURNED = new Error('returned')
const INTERRUPTED = new Error('interrupted')

export interface EventSourceOptions {
  readonly scenario: Scenario
  readonly clock: VirtualClock
  readonly faults: FaultSource
  readonly observed: Observed
  readonly rules: Rules
  readonly isOver: () => boolean
  readonly onViolation: (violation: Violation) => void
}

/** The event source of Lambda: it receives messages, starts an invocation for each, and deletes those that are done. */
export class EventSource {
  readonly #options: EventSourceOptions
  /** Invocations that are running. */
  busy = 0
  invocations = 0
  deaths = 0
  #runs = 0

  constructor(options: EventSourceOptions) {
    this.#options = options
  }

  /** Works on one message after the other. */
  async work(): Promise<void> {
    const { clock, observed, isOver } = this.#options
    const { queue } = observed
    while (!isOver()) {
      const receipt = queue.receive(clock.now())
      if (receipt === undefined) {
        const waitMs = Math.min(queue.nextVisibleAt - clock.now(), MAX_IDLE_MS)
        await clock.sleep(Math.max(1, waitMs), queue.changed)
        continue
      }
      this.busy += 1
      await this.#invoke(receipt)
      this.busy -= 1
    }
  }

  /** Resolves when the invocation returns or its worker is killed. */
  #invoke(receipt: Receipt): Promise<void> {
    const { clock, rules, scenario, faults } = this.#options
    this.invocations += 1
    return new Promise((resolve) => {
      const skewMs = Math.round((2 * faults.chance() - 1) * scenario.skewMs)
      const returned = new AbortController()
      const worker = new Worker(this.invocations, clock, skewMs, rules, () => {
        this.deaths += 1
        returned.abort(RETURNED)
        resolve()
      })
      const frozenMs = scenario.freezes.reduce((sum, { ms }) => sum + ms, 0)
      void clock.sleep(scenario.invocationMs + frozenMs + GRACE_MS, returned.signal).then(() => {
        if (!returned.signal.aborted) worker.kill()
      })
      void this.#run(receipt, worker, returned).then(resolve)
    })
  }

  async #run(receipt: Receipt, worker: Worker, returned: AbortController): Promise<void> {
    const { clock, faults, observed, scenario, onViolation } = this.#options
    const { queue } = observed
    const { marginMs } = timesOf(scenario)
    using deadline = new Deadline(this.#context(worker, returned.signal), marginMs, worker.clock)
    if (faults.strikes('deliveredTwice')) queue.show(receipt, clock.now() + 500)
    const hide = (seconds: number) =>
      worker.actOnAws(faults.sqsFails, () => queue.hide(receipt, clock.now(), clock.now() + seconds * 1000))
    let logged = 0
    const log = (): void => {
      logged += 1
    }
    const ports = this.portsFor(worker, { info: log, warn: log, error: log, count: () => undefined })
    const { message, delivery } = receipt
    const invocation = {
      messageId: message.id,
      deliveries: delivery,
      ending: deadline.ending,
      holdsMessage: () => holdsMessage(hide),
    }
    const handled = await whileHidden(hide, worker.clock, () => handleMessage(() => readMessage(message.body), ports, invocation))
    const isDone = handled.isAcknowledged
    if (!isDone && logged === 0) onViolation(new Violation(`failed work is reported: nothing was logged about ${message.body}`))
    if (!handled.isAcknowledged) await hide(handled.againSeconds).catch(() => undefined)
    returned.abort(RETURNED)
    await worker.end(() => {
      if (isDone) queue.delete(receipt, clock.now())
    })
  }

  /** What Lambda says about an invocation when it begins. */
  #context(worker: Worker, returned: AbortSignal): InvocationContext {
    const { faults, scenario } = this.#options
    const { workMs, marginMs } = timesOf(scenario)
    const context = { getRemainingTimeInMillis: () => workMs + marginMs }
    if (!faults.strikes('interrupted')) return context
    const stopping = new AbortController()
    void worker.clock.sleep(faults.chance() * MAX_INTERRUPTED_MS, returned).then(() => {
      stopping.abort(INTERRUPTED)
    })
    return { ...context, stopping: stopping.signal }
  }

  portsFor(worker: Worker, log: Log): Ports {
    const { clock, faults, observed, scenario } = this.#options
    const { store, queue, deadLetters, endpoint } = observed
    const { maxInFlight, maxLinesPerSecond, segmentBytes, checkpointMs } = scenario
    const importQueue: ImportQueue = {
      send: (body, delaySeconds) =>
        worker.actOnAws(faults.sqsFails, () => {
          queue.send(body, clock.now(), clock.now() + delaySeconds * 1000)
        }),
    }
    return {
      files: resuming(store.files(worker, faults.store), worker.clock),
      tags: store.tags(worker, faults.store),
      listing: store.listing(worker, faults.store),
      reports: store.reports(worker, faults.store),
      checkpoints: store.checkpoints(worker, faults.store),
      documents: store.documents(worker, faults.store),
      deadLetters: deadLetters.queue(worker, faults.refusesEntry, faults.deadLettersFail),
      deadLetterReader: deadLetters.reader(worker, faults.sqsFails),
      archived: deadLetters.archive(worker, faults.s3Fails),
      bucket: 'files',
      importQueue,
      ...(scenario.isAnswered && answerPorts(worker, importQueue, observed.receiver, faults)),
      endpoint: endpoint.of(worker, faults.endpoint),
      apiKey: () => Promise.resolve('k'),
      clock: worker.clock,
      newRun: () => `run-${(this.#runs += 1)}`,
      events: eventsFor(log),
      limits: {
        maxInFlight,
        maxLinesPerSecond,
        segmentBytes,
        maxLineBytes: 1_024,
        checkpointMs,
        hold: scenario.isChecked ? { ...HOLD_NOTHING, aliases: MAX_MERGED, sameReasonLines: MAX_SAME_REASON } : HOLD_NOTHING,
        deadlineMarginMs: timesOf(scenario).marginMs,
      },
    }
  }
}

/** How long an invocation works, and how long before the end of its time it stops: never more than half of it. */
function timesOf({ invocationMs }: Scenario): { readonly workMs: number; readonly marginMs: number } {
  return { workMs: invocationMs, marginMs: Math.min(GRACE_MS, invocationMs) }
}
