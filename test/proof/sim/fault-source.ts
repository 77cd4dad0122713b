import { seeded } from '../../support/seeded.ts'
import type { EndpointFaults } from './endpoint.ts'
import type { Faults, Scenario, SpellKind } from './scenario.ts'
import type { StoreFaults } from './store.ts'

/** Decides which action fails, from the seed of the scenario and the time. */
export class FaultSource {
  readonly chance: () => number
  readonly #scenario: Scenario
  /** Virtual milliseconds since the start. */
  readonly #elapsed: () => number

  constructor(scenario: Scenario, elapsed: () => number) {
    this.#scenario = scenario
    this.#elapsed = elapsed
    this.chance = seeded(scenario.seed ^ 0x5eed)
  }

  /** Whether a random failure happens now. */
  strikes(name: keyof Faults): boolean {
    const rate = this.#scenario.faults[name]
    return rate > 0 && this.#elapsed() < this.#scenario.calmAt && this.chance() < rate
  }

  isIn(...kinds: readonly SpellKind[]): boolean {
    const now = this.#elapsed()
    for (const { kind, from, to } of this.#scenario.spells) if (now >= from && now < to && kinds.includes(kind)) return true
    return false
  }

  sqsFails = (): boolean => this.isIn('sqs-down') || this.strikes('cloud')

  deadLettersFail = (): boolean => this.isIn('sqs-down', 'dead-letters-throttled') || this.strikes('cloud')

  refusesEntry = (): boolean => this.strikes('entry')

  /** The receiver of answers has its outages at the same times as the endpoint. */
  receiverFails = (): boolean => this.isIn('down', 'busy') || this.strikes('cloud')

  s3Fails = (): boolean => this.isIn('s3-down') || this.strikes('cloud')

  readonly store: StoreFaults = {
    fails: this.s3Fails,
    failsToWrite: () => this.isIn('s3-writes-refused') || this.s3Fails(),
    conflicts: () => this.strikes('conflict'),
    writtenBefore: () => this.strikes('writtenBefore'),
    chunk: () => 1 + Math.floor(this.chance() * 200),
    breaks: () => this.strikes('body'),
  }

  readonly endpoint: EndpointFaults = {
    spells: () => {
      const now = this.#elapsed()
      return this.#scenario.spells.filter(({ from, to }) => now >= from && now < to).map(({ kind }) => kind)
    },
    isHealed: () => this.#elapsed() >= this.#scenario.healedAt,
    stalls: () => this.strikes('stall'),
    losesAnswer: () => this.strikes('answerLost'),
    refuses: () => this.strikes('refused'),
    throttles: () => this.strikes('throttled'),
  }
}
