import type { Clock } from '../../../lambda/ports.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'

/** An injected failure of S3 or SQS. */
export class Fault extends Error {
  override readonly name = 'Fault'
}

/** What happens to a worker at one of its actions. */
export type StepFault =
  { readonly kind: 'kill'; readonly when: 'before' | 'after' } | { readonly kind: 'freeze'; readonly ms: number }

export interface Rules {
  /** Counts an action. @returns what happens to its worker */
  step(): StepFault | undefined
  /** How many virtual milliseconds an action takes. */
  latency(): number
  /** How much later an action of a dead worker arrives; undefined if it never does. */
  lateness(): number | undefined
  chance(): number
  /** Called if an invocation acts after it has returned. */
  actedLate(): void
}

/** One invocation of the function. Once it is killed, none of its promises settles, so that its code stops as in a killed process. */
export class Worker {
  readonly id: number
  /** The worker's own clock, which may be wrong. */
  readonly clock: Clock
  readonly #clock: VirtualClock
  readonly #rules: Rules
  readonly #onKilled: () => void
  #frozenUntil = 0
  #isKilled = false
  #hasReturned = false

  constructor(id: number, clock: VirtualClock, skewMs: number, rules: Rules, onKilled: () => void) {
    this.id = id
    this.#clock = clock
    this.#rules = rules
    this.#onKilled = onKilled
    this.clock = {
      now: () => clock.now() + skewMs,
      chance: () => clock.chance(),
      sleep: (ms, signal) => this.sleep(ms, signal),
    }
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.#wasKilled()) return never()
    await this.#clock.sleep(ms, signal)
    return this.#whenRunning(undefined)
  }

  /**
   * An externally visible action. It takes time, and the worker may be killed right before or right after it takes effect. It may also
   * take effect although the worker was killed while it was under way.
   */
  act<T>(effect: () => T): Promise<T> {
    return this.#act(() => {
      if (this.#hasReturned && !this.#isKilled) this.#rules.actedLate()
      return effect()
    })
  }

  /** The same for S3 and SQS, which sometimes fail, before or after the effect. @param fails whether this action fails */
  async actOnAws<T>(fails: () => boolean, effect: () => T): Promise<T> {
    const isDone = this.#rules.chance() < 0.5
    const result = await this.act(() => {
      const isFailed = fails()
      return { isFailed, value: isFailed && !isDone ? undefined : { here: effect() } }
    })
    if (result.isFailed || result.value === undefined) throw new Fault('S3 or SQS is busy')
    return result.value.here
  }

  /** The same for an action that changes nothing. One that is under way when its invocation returns does no harm. */
  async readOnAws<T>(fails: () => boolean, read: () => T): Promise<T> {
    const result = await this.#act(() => (fails() ? undefined : { here: read() }))
    if (result === undefined) throw new Fault('S3 or SQS is busy')
    return result.here
  }

  /** Call it when the invocation has returned. `effect` deletes the message, or not. */
  end(effect: () => void): Promise<void> {
    this.#hasReturned = true
    return this.#act(effect)
  }

  /** Lambda ends an invocation that takes too long. */
  kill(): void {
    if (this.#isKilled) return
    this.#isKilled = true
    this.#onKilled()
  }

  async #act<T>(effect: () => T): Promise<T> {
    await this.#clock.sleep(this.#rules.latency())
    if (this.#isKilled) {
      const lateMs = this.#rules.lateness()
      if (lateMs === undefined) return never()
      await this.#clock.sleep(lateMs)
    }
    const fault = this.#rules.step()
    if (fault?.kind === 'kill' && fault.when === 'before' && !this.#wasKilled()) {
      this.kill()
      return never()
    }
    const result = effect()
    if (fault?.kind === 'kill') this.kill()
    if (fault?.kind === 'freeze') this.#frozenUntil = this.#clock.now() + fault.ms
    return this.#whenRunning(result)
  }

  async #whenRunning<T>(result: T): Promise<T> {
    while (!this.#isKilled && this.#clock.now() < this.#frozenUntil)
      await this.#clock.sleep(this.#frozenUntil - this.#clock.now())
    return this.#isKilled ? never() : result
  }

  #wasKilled(): boolean {
    return this.#isKilled
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
