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
  readonly #bySignal = new WeakMap<AbortSignal, Set<Sleeper>>()
  readonly #jumpsPerTurn: number
  #slept = 0
  #asleep = 0
  #plannedJumps = 0

  /**
   * @param jumpsPerTurn how often it jumps in each turn of the event loop. A turn costs more than a jump, but the results of real I/O, or of
   *   a thread, only arrive between two turns
   */
  constructor(seed = 1, { jumpsPerTurn = 1 } = {}) {
    this.chance = seeded(seed)
    this.#jumpsPerTurn = jumpsPerTurn
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const others = signal && this.#sleepersOf(signal)
      const wake = (): void => {
        sleeper.isAwake = true
        this.#asleep -= 1
        others?.delete(sleeper)
        resolve()
      }
      const sleeper: Sleeper = { at: this.#now + ms, order: (this.#slept += 1), wake, isAwake: false }
      this.#asleep += 1
      others?.add(sleeper)
      this.#add(sleeper)
      this.#planJump()
    })
  }

  /** Those that wake when the signal is aborted. One listener serves all of them: adding and removing one costs more than a sleep. */
  #sleepersOf(signal: AbortSignal): Set<Sleeper> {
    const known = this.#bySignal.get(signal)
    if (known !== undefined) return known
    const sleepers = new Set<Sleeper>()
    this.#bySignal.set(signal, sleepers)
    signal.addEventListener('abort', () => {
      for (const { wake } of sleepers) wake()
    })
    return sleepers
  }

  /** Promises and ticks that can settle now settle before the first jump, and between two. */
  #planJump(): void {
    if (this.#plannedJumps > 0) return
    this.#plannedJumps = this.#jumpsPerTurn
    for (let jump = 0; jump < this.#jumpsPerTurn; jump += 1) setImmediate(this.#jump)
  }

  readonly #jump = (): void => {
    this.#plannedJumps -= 1
    let next = this.#takeFirst()
    while (next?.isAwake === true) next = this.#takeFirst()
    if (next === undefined) return
    this.#now = Math.max(this.#now, next.at)
    next.wake()
    if (this.#asleep > 0) this.#planJump()
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
