import { ARCHIVE_SCHEMA, RECONCILE_SCHEMA, reportKey, RULES_KEY, safetyKey } from '../../../lambda/keys.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { AnswerReceiver } from './answers.ts'
import { DeadLetters } from './dead-letters.ts'
import { checkEnd, isDeferred } from './end-invariants.ts'
import { makeAbortCheap } from './cheap-abort.ts'
import { SimulatedEndpoint } from './endpoint.ts'
import { EventSource } from './event-source.ts'
import { FaultSource } from './fault-source.ts'
import { rulesAfter } from './import-rules.ts'
import { modelOf, type ModelFile } from './model.ts'
import { Violation, type Observed } from './observed.ts'
import { Orders } from './orders.ts'
import { decideAsPerson } from './person.ts'
import { eventOf, fileName, SimulatedQueue } from './queue.ts'
import { LONG_INVOCATION_MS, type Scenario } from './scenario.ts'
import { StepInvariants } from './step-invariants.ts'
import { makeZlibSteady } from './steady-zlib.ts'
import { Store } from './store.ts'
import type { Rules, StepFault } from './worker.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A person looks at the dead-letter queue this often, and redrives the work in it. */
const REDRIVE_EVERY_MS = HOUR_MS
/** A run that needs more steps makes no progress: so many, and for each hour of failures the tries of every segment. */
const MAX_STEPS = { calm: 60_000, perHour: 1_000 }
/** So does one that needs more redrives, not counting those while a service fails. */
const MAX_REDRIVES = 40
/** Dead letters are archived on their tenth day. A shorter run has none that are old enough. */
const ARCHIVE_FROM_DAYS = 10
/** How long after the last failure an import may last, if its message still exists; and if only the daily search can find it. */
const MAX_RECOVERY_MS = 3 * HOUR_MS
const MAX_SEARCH_MS = 2 * DAY_MS

export interface Figures {
  readonly steps: number
  readonly requests: number
  readonly invocations: number
  readonly deaths: number
  readonly redrives: number
  readonly ambiguous: number
  /** The longest time from the last failure to the end of an import. */
  readonly recoveryMs: number
  /** Files that are not done at the end, because lines of theirs are deferred forever. */
  readonly deferred: number
  /** Pauses while work was left. */
  readonly pauses: number
  /** Files whose import was cancelled before its end. */
  readonly cancelled: number
  /** Files that were held, and that a person has decided about. */
  readonly held: number
  /** Dead letters that are about many lines. */
  readonly grouped: number
  /** Changes of the import rules while work was left. */
  readonly ruleChanges: number
}

/** Runs the importer through a scenario and checks every promise after each step. @throws Violation */
export async function simulate(scenario: Scenario): Promise<Figures> {
  return new Simulation(scenario).run()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #clock: VirtualClock
  readonly #start: number
  readonly #faults: FaultSource
  readonly #observed: Observed
  readonly #lost = new Set<string>()
  readonly #eventSource: EventSource
  readonly #orders: Orders
  /** Ids of files about which a person has still to decide. */
  readonly #undecided = new Set<number>()
  /** When each file got its final report. */
  readonly #finished = new Map<string, number>()
  readonly #maxSteps: number
  #lastFault: number
  #violation: Violation | undefined
  #steps = 0
  #redrives = 0
  #held = 0
  #ruleChanges = 0
  #isOver = false

  constructor(scenario: Scenario) {
    makeAbortCheap()
    makeZlibSteady()
    this.#scenario = scenario
    this.#clock = new VirtualClock(scenario.seed, { jumpsPerTurn: 64 })
    this.#start = this.#clock.now()
    this.#maxSteps = MAX_STEPS.calm + MAX_STEPS.perHour * Math.ceil(failingMsOf(scenario) / HOUR_MS)
    const now = () => this.#clock.now()
    this.#faults = new FaultSource(scenario, () => now() - this.#start)
    const files = scenario.files.map((file, id) => modelOf(file, id, this.#start))
    this.#lastFault = Math.max(
      this.#start + scenario.calmAt,
      ...files.map(({ from }) => from),
      ...[
        ...[...scenario.spells, ...scenario.pauses, ...scenario.limits].map(({ to }) => to),
        ...scenario.redrives,
        ...scenario.discards,
      ].map((at) => this.#start + at),
    )
    const deadLetters = new DeadLetters(now, {
      acknowledged: this.#checked((...args) => {
        invariants.acknowledged(...args)
      }),
      removed: this.#checked((...args) => {
        invariants.removed(...args)
      }),
      // Its file is finished by the daily search, unless a person replays it earlier.
      returned: ({ source }) => {
        this.#lost.add(fileName(source))
      },
    })
    const queue = new SimulatedQueue(deadLetters, {
      deleted: this.#checked(() => {
        invariants.deleted()
      }),
      isUndeleted: () => this.#faults.strikes('undeleted'),
      chance: this.#faults.chance,
      areStaleReceiptsAccepted: scenario.areStaleReceiptsAccepted,
    })
    const store = new Store(files, now, {
      written: this.#checked((key, value) => {
        this.#noteFinished(key, value)
        invariants.written(key, value)
      }),
    })
    const endpoint = new SimulatedEndpoint({
      arrived: this.#checked((request) => {
        invariants.arrived(request)
        this.#orders.arrived(request)
      }),
    })
    this.#observed = {
      files,
      store,
      queue,
      deadLetters,
      endpoint,
      receiver: new AnswerReceiver(),
      lost: this.#lost,
      undecided: this.#undecided,
      isChecked: scenario.isChecked,
      isAnswered: scenario.isAnswered,
      isShortOfTime: scenario.invocationMs < LONG_INVOCATION_MS,
      maxInFlight: scenario.maxInFlight,
    }
    this.#orders = new Orders(scenario, this.#observed, now)
    const invariants = new StepInvariants(this.#observed)
    this.#eventSource = new EventSource({
      scenario,
      clock: this.#clock,
      faults: this.#faults,
      observed: this.#observed,
      rules: this.#rules(),
      isOver: () => this.#isOver,
      onViolation: (violation) => {
        this.#fail(violation)
      },
    })
  }

  async run(): Promise<Figures> {
    const { workers } = this.#scenario
    this.#upload()
    this.#schedule()
    await Promise.all([
      this.#operate(),
      ...this.#observed.files.map((file) => this.#decide(file)),
      ...Array.from({ length: workers }, () => this.#eventSource.work()),
    ])
    if (this.#violation !== undefined) throw this.#violation
    checkEnd(this.#observed)
    const recoveryMs = this.#checkRecovery()
    const { ambiguous, requests } = this.#observed.endpoint
    const { invocations, deaths } = this.#eventSource
    const deferred = this.#observed.files.filter((file) => isDeferred(file, this.#observed)).length
    const { pauses, cancelled } = this.#orders
    return {
      steps: this.#steps,
      requests,
      invocations,
      deaths,
      redrives: this.#redrives,
      ambiguous,
      recoveryMs,
      deferred,
      pauses,
      cancelled,
      held: this.#held,
      grouped: this.#observed.deadLetters.groups.length,
      ruleChanges: this.#ruleChanges,
    }
  }

  #upload(): void {
    for (const { source, from, scenario } of this.#observed.files) {
      if (scenario.isEventLost) this.#lost.add(fileName(source))
      const events = scenario.isEventLost ? 0 : 1 + scenario.extraEvents
      for (let event = 0; event < events; event += 1)
        this.#observed.queue.send(eventOf('ObjectCreated:Put', source), from, from + Math.floor(this.#faults.chance() * 3_000))
    }
  }

  /** A person decides about a file that is held. Only then does its import begin. */
  async #decide(file: ModelFile): Promise<void> {
    if (!this.#scenario.isChecked) return
    this.#undecided.add(file.id)
    const [clock, faults, observed] = [this.#clock, this.#faults, this.#observed]
    const wasHeld = await decideAsPerson({ file, clock, faults, observed, rules: this.#rules(), isOver: () => this.#isOver })
    this.#undecided.delete(file.id)
    if (!wasHeld) return
    this.#held += 1
    this.#lastFault = Math.max(this.#lastFault, this.#clock.now())
  }

  /** What happens at a fixed time: the daily jobs, lost messages, and redrives. */
  #schedule(): void {
    const { losses, redrives, discards, ruleChanges, days } = this.#scenario
    const { queue, store } = this.#observed
    const at = (ms: number, act: (now: number) => void): void => {
      void this.#clock.sleep(ms).then(() => {
        act(this.#clock.now())
      })
    }
    const send = (schema: string) => (now: number) => {
      queue.send(JSON.stringify({ schema }), now, now)
    }
    for (let day = 1; day <= days; day += 1) {
      at(day * DAY_MS + 2 * HOUR_MS, send(RECONCILE_SCHEMA))
      if (days > ARCHIVE_FROM_DAYS) at(day * DAY_MS + 3 * HOUR_MS, send(ARCHIVE_SCHEMA))
    }
    this.#orders.schedule(at)
    if (ruleChanges.length > 0) store.write(RULES_KEY, rulesAfter(0))
    else if (this.#scenario.files.some(({ isCsv }) => isCsv)) store.write(RULES_KEY, rulesAfter(undefined))
    for (const [change, ms] of ruleChanges.entries())
      at(ms, () => {
        store.write(RULES_KEY, rulesAfter(change + 1))
        if (queue.waiting.length > 0 || this.#eventSource.busy > 0) this.#ruleChanges += 1
      })
    for (const ms of losses)
      at(ms, () => {
        const name = queue.lose(this.#faults.chance())
        if (name !== undefined) this.#lost.add(name)
      })
    for (const ms of discards)
      at(ms, () => {
        void this.#eventSource.discard().catch((error: unknown) => {
          this.#fail(error as Violation)
        })
      })
    for (const ms of redrives)
      at(ms, (now) => {
        queue.redrive(now, false)
      })
  }

  /** Redrives work from the dead-letter queue, and ends the run when no work remains. */
  async #operate(): Promise<void> {
    const { queue, deadLetters } = this.#observed
    const failingMs = failingMsOf(this.#scenario)
    while (!this.#isOver) {
      await this.#clock.sleep(REDRIVE_EVERY_MS)
      const now = this.#clock.now()
      deadLetters.expire(now)
      if (queue.redrive(now, true)) this.#redrives += 1
      if (this.#redrives > MAX_REDRIVES + failingMs / REDRIVE_EVERY_MS)
        this.#fail(new Violation(`progress: not done after ${MAX_REDRIVES} redrives`))
      this.#isOver ||= now >= this.#last && this.#isIdle
    }
  }

  /** When the last daily jobs have ended, and the last failure is long ago. */
  get #last(): number {
    return Math.max(this.#start + this.#scenario.days * DAY_MS, this.#lastFault) + 4 * HOUR_MS
  }

  /** Whether no work is left, or only lines that are deferred forever. */
  get #isIdle(): boolean {
    const { queue, files } = this.#observed
    const endless = new Set(files.flatMap(({ source, refused }) => (refused.length > 0 ? [fileName(source)] : [])))
    const isLeft = queue.waiting.some(({ work }) => work.file === undefined || !endless.has(work.file))
    return !isLeft && this.#eventSource.busy === 0 && !this.#isHeld
  }

  /** Whether a file waits for a person. */
  get #isHeld(): boolean {
    const { files, store } = this.#observed
    return files.some(({ id, source }) => {
      const safety = this.#undecided.has(id) ? (store.read(safetyKey(source)) as Safety | undefined) : undefined
      return safety !== undefined && safety.decision !== 'passed'
    })
  }

  #rules(): Rules {
    return {
      step: () => this.#step(),
      latency: () => 1 + Math.floor(this.#faults.chance() * 30),
      lateness: () => (this.#faults.strikes('straggler') ? Math.floor(this.#faults.chance() * 60_000) : undefined),
      chance: this.#faults.chance,
      actedLate: () => {
        this.#fail(new Violation('an invocation does nothing after it has returned'))
      },
    }
  }

  #step(): StepFault | undefined {
    const { kills, freezes } = this.#scenario
    this.#steps += 1
    this.#orders.atStep(this.#steps)
    if (this.#steps > this.#maxSteps) this.#fail(new Violation(`progress: not done after ${this.#maxSteps} steps`))
    for (const { step, when } of kills) if (step === this.#steps) return this.#noteFault({ kind: 'kill', when }, 0)
    for (const { step, ms } of freezes) if (step === this.#steps) return this.#noteFault({ kind: 'freeze', ms }, ms)
    return undefined
  }

  #noteFault(fault: StepFault, ms: number): StepFault {
    this.#lastFault = Math.max(this.#lastFault, this.#clock.now() + ms)
    return fault
  }

  #noteFinished(key: string, value: unknown): void {
    if (key.startsWith('reports/') && isFinal(value as Report) && !this.#finished.has(key))
      this.#finished.set(key, this.#clock.now())
  }

  /** @returns how long the longest import lasted after the last failure */
  #checkRecovery(): number {
    let longest = 0
    for (const { source, refused } of this.#observed.files) {
      if (refused.length > 0) continue
      const took = (this.#finished.get(reportKey(source)) ?? 0) - this.#lastFault
      const isLost = this.#lost.has(fileName(source))
      if (took > MAX_RECOVERY_MS + (isLost ? MAX_SEARCH_MS : 0))
        throw new Violation(`an import ends soon after the last failure: ${source.key} ended ${took / HOUR_MS} hours later`)
      if (!isLost) longest = Math.max(longest, took)
    }
    return longest
  }

  #checked<Args extends readonly unknown[]>(check: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      try {
        check(...args)
      } catch (error) {
        this.#fail(error as Violation)
      }
    }
  }

  #fail(violation: Violation): void {
    this.#violation ??= violation
    this.#isOver = true
  }
}

/** When the last spell of failures, pause or limit ends. */
function failingMsOf({ spells, pauses, limits }: Scenario): number {
  return Math.max(0, ...[...spells, ...pauses, ...limits].map(({ to }) => to))
}
