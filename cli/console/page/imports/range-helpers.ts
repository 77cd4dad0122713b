import { startCheckWorker } from './check-script.ts'
import type { RangeDigest, RangeRules } from './digest-range.ts'
import type { RangeAnswer, RangeRequest } from './range-messages.ts'

/** Digests ranges, for example in another thread. */
export interface RangeHelper {
  /** @returns undefined if the range cannot be read */
  digest(range: Blob, rules: RangeRules): Promise<RangeDigest | undefined>
}

/** A thread that digests ranges, one after the other. */
export class WorkerHelper implements RangeHelper {
  readonly #worker = startCheckWorker()
  /** The worker answers in the order of the requests. */
  readonly #waiting: PromiseWithResolvers<RangeDigest | undefined>[] = []

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<RangeAnswer>) => {
      const waiting = this.#waiting.shift()
      if (data.kind === 'failed') waiting?.reject(new Error(data.why))
      else waiting?.resolve(data.kind === 'digest' ? data.digest : undefined)
    })
    this.#worker.addEventListener('error', () => {
      const error = new Error('The check could not be started. Reload the page, or import the file without the check.')
      for (const { reject } of this.#waiting) reject(error)
    })
  }

  digest(range: Blob, rules: RangeRules): Promise<RangeDigest | undefined> {
    const waiting = Promise.withResolvers<RangeDigest | undefined>()
    this.#waiting.push(waiting)
    this.#worker.postMessage({ kind: 'range', range, rules } satisfies RangeRequest)
    return waiting.promise
  }
}

interface DigestedRange {
  readonly bytes: number
  /** Undefined if the range could not be read. */
  readonly digest: RangeDigest | undefined
}

/** One range that a helper digests, and one that waits: so no helper waits for its next range. */
const RANGES_PER_HELPER = 2

/** Digests ranges side by side. @returns them in their order; at most two for each helper are in memory */
export async function* digestRanges(
  ranges: AsyncIterable<Blob>,
  rules: RangeRules,
  helpers: readonly RangeHelper[],
): AsyncGenerator<DigestedRange, undefined> {
  const busy = helpers.map((helper) => ({ helper, ranges: 0 }))
  const digests: Promise<DigestedRange>[] = []
  for await (const range of ranges) {
    const digesting = digestOn(leastBusy(busy), range, rules)
    digesting.catch(() => undefined) // thrown below, when its turn comes
    digests.push(digesting)
    const first = digests.length === RANGES_PER_HELPER * busy.length ? digests.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const digest of digests) yield await digest
}

interface BusyHelper {
  readonly helper: RangeHelper
  ranges: number
}

async function digestOn(busy: BusyHelper | undefined, range: Blob, rules: RangeRules): Promise<DigestedRange> {
  if (busy === undefined) throw new Error('no helper digests ranges')
  busy.ranges += 1
  const digest = await busy.helper.digest(range, rules)
  busy.ranges -= 1
  return { bytes: range.size, digest }
}

function leastBusy(busy: readonly BusyHelper[]): BusyHelper | undefined {
  return busy.toSorted((a, b) => a.ranges - b.ranges)[0]
}
