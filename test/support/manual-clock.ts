import type { Clock } from '../../lambda/ports.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Pick<Clock, 'now' | 'sleep'> {
  #now: number
  #sleepers: readonly Sleeper[] = []

  constructor(now = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = now
  }

  readonly now = (): number => this.#now

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener(
        'abort',
        () => {
          resolve()
        },
        { once: true },
      )
      this.#sleepers = [...this.#sleepers, { at: this.#now + ms, wake: resolve }]
    })

  /** Moves the time, and wakes those that slept until then. */
  advance(ms: number): void {
    this.#now += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
  }
}
