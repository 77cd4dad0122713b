import { seeded } from './seeded.ts'
import type { Clock } from '../../lambda/ports.ts'

/** A clock that jumps to the next sleeper when no other code can run, so that hours pass at once and always in the same order. */
export class VirtualClock implements Clock {
  readonly chance: () => number
  #now = Date.parse('2026-01-01T00:00:00Z')
  #sleepers: { readonly at: number; readonly wake: () => void }[] = []
  #isJumpPlanned = false

  constructor(seed = 1) {
    this.chance = seeded(seed)
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = { at: this.#now + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        resolve()
      })
      this.#planJump()
    })
  }

  #planJump(): void {
    if (this.#isJumpPlanned) return
    this.#isJumpPlanned = true
    // After all promises that can settle now have settled.
    setImmediate(() => {
      this.#isJumpPlanned = false
      const next = this.#sleepers.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) return
      this.#now = Math.max(this.#now, next.at)
      this.#sleepers = this.#sleepers.filter((other) => other !== next)
      next.wake()
      if (this.#sleepers.length > 0) this.#planJump()
    })
  }
}
