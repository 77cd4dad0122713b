import { seeded } from './seeded.ts'
import type { Clock } from '../../lambda/ports.ts'

interface Sleeper {
  readonly at: number
  /** Sleepers that are due at the same time wake in this order. */
  readonly order: number
  readonly wake: () => void
  isAwake: boolean
}

/** A clock that jumps to the next sleeper when no other code can run, so that hours pass at once and always in the same order. */
export class VirtualClock implements Clock {
  readonly chance: () => number
  #now = Date.parse('2026-01-01T00:00:00Z')
  /** A binary heap: each sleeper is due before the two at twice its index plus 1 and 2. */
  readonly #sleepers: Sleeper[] = []
  #slept = 0
  #asleep = 0
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
      const wake = (): void => {
        sleeper.isAwake = true
        this.#asleep -= 1
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper: Sleeper = { at: this.#now + ms, order: (this.#slept += 1), wake, isAwake: false }
      this.#asleep += 1
      signal?.addEventListener('abort', wake)
      this.#add(sleeper)
      this.#planJump()
    })
  }

  #planJump(): void {
    if (this.#isJumpPlanned) return
    this.#isJumpPlanned = true
    // After all promises that can settle now have settled.
    setImmediate(() => {
      this.#isJumpPlanned = false
      let next = this.#takeFirst()
      while (next?.isAwake === true) next = this.#takeFirst()
      if (next === undefined) return
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      if (this.#asleep > 0) this.#planJump()
    })
  }

  #add(sleeper: Sleeper): void {
    const heap = this.#sleepers
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isBefore(heap[parent]!, sleeper)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = sleeper
  }

  #takeFirst(): Sleeper | undefined {
    const heap = this.#sleepers
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || last === first) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (isBefore(last, heap[child]!)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return first
  }
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
