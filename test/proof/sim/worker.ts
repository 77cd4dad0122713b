import type { Clock } from '../../../lambda/ports.ts'

/** Something of the world gave way, as far as the importer can tell. */
export class Fault extends Error {
  override readonly name = 'Fault'
}

export interface Acting {
  /** Counts an action, and says whether its worker dies at it, and when. */
  step(): 'before' | 'after' | undefined
  /** Virtual milliseconds that an action takes. */
  latency(): number
  /** Whether an action of S3 or SQS fails. */
  cloudFails(): boolean
  chance(): number
  /** An invocation acts though it has answered. */
  late(): void
}

/**
 * One run of the function. When it dies, nothing that it asks for is ever answered: its code stands still where it is, as that of a killed
 * process does.
 */
export class Worker {
  readonly clock: Clock
  readonly #acting: Acting
  readonly #onDeath: () => void
  #isDead = false
  #hasAnswered = false

  constructor(clock: Clock, acting: Acting, onDeath: () => void) {
    this.#acting = acting
    this.#onDeath = onDeath
    this.clock = {
      now: () => clock.now(),
      chance: () => clock.chance(),
      sleep: (ms, signal) => this.#unlessDead(() => clock.sleep(ms, signal)),
    }
  }

  /** An action that others can see: it takes time, and the worker may die right before or right after it has its effect. */
  act<T>(effect: () => T): Promise<T> {
    if (this.#hasAnswered) this.#acting.late()
    return this.#act(effect)
  }

  /** The invocation has answered: its message is deleted, or not, and it does nothing more. */
  answer(effect: () => void): Promise<void> {
    this.#hasAnswered = true
    return this.#act(effect)
  }

  async #act<T>(effect: () => T): Promise<T> {
    await this.clock.sleep(this.#acting.latency(), new AbortController().signal)
    const death = this.#acting.step()
    if (death === 'before') return this.#die()
    const result = effect()
    return death === 'after' ? this.#die() : result
  }

  /** The same for S3 and SQS, which fail now and then: before the effect, or after it, so that nobody knows. */
  async actInCloud<T>(effect: () => T): Promise<T> {
    const fails = this.#acting.cloudFails()
    const isDone = this.#acting.chance() < 0.5
    const result = await this.act(() => (fails && !isDone ? undefined : { value: effect() }))
    if (result === undefined || fails) throw new Fault('the cloud is busy')
    return result.value
  }

  #hasDied(): boolean {
    return this.#isDead
  }

  #die(): Promise<never> {
    this.#isDead = true
    this.#onDeath()
    return new Promise(() => undefined)
  }

  async #unlessDead<T>(wait: () => Promise<T>): Promise<T> {
    const value = this.#isDead ? undefined : { here: await wait() }
    return value === undefined || this.#hasDied() ? new Promise(() => undefined) : value.here
  }
}
