import type { Clock } from '../../../lambda/ports.ts'

/** An injected failure of S3 or SQS. */
export class Fault extends Error {
  override readonly name = 'Fault'
}

export interface Rules {
  /** Counts an action. @returns whether its worker is killed before or after it takes effect */
  step(): 'before' | 'after' | undefined
  /** How many virtual milliseconds an action takes. */
  latency(): number
  /** Whether an action of S3 or SQS fails. */
  awsFails(): boolean
  chance(): number
  /** Called if an invocation acts after it has returned. */
  actedLate(): void
}

/** One invocation of the function. Once it is killed, none of its promises settles, so that its code stops as in a killed process. */
export class Worker {
  readonly clock: Clock
  readonly #rules: Rules
  readonly #onKilled: () => void
  #isKilled = false
  #hasReturned = false

  constructor(clock: Clock, rules: Rules, onKilled: () => void) {
    this.#rules = rules
    this.#onKilled = onKilled
    this.clock = {
      now: () => clock.now(),
      chance: () => clock.chance(),
      sleep: (ms, signal) => this.#unlessKilled(() => clock.sleep(ms, signal)),
    }
  }

  /** An externally visible action. It takes time, and the worker may be killed right before or right after it takes effect. */
  act<T>(effect: () => T): Promise<T> {
    if (this.#hasReturned) this.#rules.actedLate()
    return this.#act(effect)
  }

  /** Call it when the invocation has returned. `effect` deletes the message, or not. */
  end(effect: () => void): Promise<void> {
    this.#hasReturned = true
    return this.#act(effect)
  }

  async #act<T>(effect: () => T): Promise<T> {
    await this.clock.sleep(this.#rules.latency(), new AbortController().signal)
    const kill = this.#rules.step()
    if (kill === 'before') return this.#kill()
    const result = effect()
    return kill === 'after' ? this.#kill() : result
  }

  /** The same for S3 and SQS, which sometimes fail, before or after the effect. */
  async actOnAws<T>(effect: () => T): Promise<T> {
    const fails = this.#rules.awsFails()
    const isDone = this.#rules.chance() < 0.5
    const result = await this.act(() => (fails && !isDone ? undefined : { value: effect() }))
    if (result === undefined || fails) throw new Fault('S3 or SQS is busy')
    return result.value
  }

  #wasKilled(): boolean {
    return this.#isKilled
  }

  #kill(): Promise<never> {
    this.#isKilled = true
    this.#onKilled()
    return new Promise(() => undefined)
  }

  async #unlessKilled<T>(wait: () => Promise<T>): Promise<T> {
    const value = this.#isKilled ? undefined : { here: await wait() }
    return value === undefined || this.#wasKilled() ? new Promise(() => undefined) : value.here
  }
}
