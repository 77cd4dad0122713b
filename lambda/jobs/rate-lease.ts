import { parseRate, rateDocument } from '../control/rate.ts'
import { claimShare, releaseShare, type RateShares } from '../deliver/rate-share.ts'
import { SetupError } from '../errors.ts'
import { RATE_KEY } from '../keys.ts'
import type { Ports } from '../ports.ts'

/** A share ends so long after its last renewal. Runs renew it each time that they look at their orders. */
const SHARE_MS = 15_000

/** How often a claim is tried again because another run writes at the same time. */
const MAX_TRIES = 8
const MAX_RETRY_MS = 300

/** Less than this part of a share is used by a run that needs less. */
const FULL_USE = 0.7
/** A run that needs less keeps this much more than it uses, so that it can grow. */
const RESERVE = 1.5

type LeasePorts = Pick<Ports, 'documents' | 'bucket' | 'clock' | 'newRun'>

/** What a run may send: a share of the limit of all runs, until a time. */
export interface RateShare {
  /** Lines a second; 0 for none. */
  readonly perSecond: number
  /** Milliseconds since 1970. */
  readonly until: number
}

/** The requests of one run, as far as their rate is concerned. */
export interface RatedRequests {
  /** How many have begun so far. */
  readonly begunRequests: number
  /** @param share undefined for no limit */
  limitTo(share: RateShare | undefined): void
}

/**
 * The share that one run holds of the limit that all invocations share. `control/rate.json` says who holds how much, and each run changes
 * it with conditional writes. Dispose to leave the share to the others; a run that was killed leaves it when its time is over.
 */
export class RateLease implements AsyncDisposable {
  readonly #ports: LeasePorts
  readonly #requests: RatedRequests
  #run: string | undefined
  #share: RateShare | undefined
  #renewedAt = 0
  #begun = 0
  #renewing: Promise<void> | undefined
  #isOver = false

  constructor(ports: LeasePorts, requests: RatedRequests) {
    this.#ports = ports
    this.#requests = requests
  }

  /** Whether there is a limit, as far as the run knows. */
  get isLimited(): boolean {
    return this.#share !== undefined
  }

  /**
   * Claims a share, or renews it. If S3 fails, the run keeps its share until that ends.
   *
   * @param limit lines a second, of all invocations together; undefined for no limit
   * @throws NewerVersionError or another SetupError
   */
  renew(limit: number | undefined): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    this.#renewing = this.#renew(limit)
    return this.#renewing
  }

  /** After this, the run writes nothing more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#renewing?.catch(() => undefined)
    await this.#release().catch(() => undefined) // the share ends by itself
  }

  async #renew(limit: number | undefined): Promise<void> {
    if (limit === undefined) {
      await this.#release()
      this.#use(undefined)
      return
    }
    this.#run ??= this.#ports.newRun()
    // Before the first share is claimed, nothing may be sent.
    if (this.#share === undefined) this.#use({ perSecond: 0, until: 0 })
    try {
      await this.#claim(limit, this.#run, this.#wants())
    } catch (error) {
      if (error instanceof SetupError) throw error
    }
  }

  async #claim(limit: number, run: string, wants: number | undefined): Promise<void> {
    const { clock } = this.#ports
    await this.#change((shares) => {
      const now = clock.now()
      const claimed = claimShare(shares, { run, limit, wants, now, leaseMs: SHARE_MS })
      const share = claimed.holders.find((holder) => holder.run === run)?.share ?? 0
      const until = now + SHARE_MS
      // The others may use what this run leaves as soon as it is written.
      if (share < (this.#share?.perSecond ?? 0)) this.#use({ perSecond: share, until: this.#share?.until ?? 0 })
      return {
        shares: claimed,
        onWritten: () => {
          this.#use({ perSecond: share, until })
        },
      }
    })
  }

  async #release(): Promise<void> {
    const run = this.#run
    if (run === undefined) return
    this.#run = undefined
    await this.#change((shares) => shares && { shares: releaseShare(shares, run), onWritten: () => undefined })
  }

  /** @param change returns undefined if there is nothing to change */
  async #change(
    change: (shares: RateShares | undefined) => { readonly shares: RateShares; readonly onWritten: () => void } | undefined,
  ): Promise<void> {
    const { documents, bucket, clock } = this.#ports
    const key = { bucket, key: RATE_KEY }
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (tries > 0) await clock.sleep(clock.chance() * MAX_RETRY_MS, NEVER)
      const found = await documents.find(key)
      const changed = change(parseRate(found?.value))
      if (changed === undefined) return
      if ((await documents.put(key, rateDocument(changed.shares), found?.tag)) === undefined) continue
      changed.onWritten()
      return
    }
  }

  #use(share: RateShare | undefined): void {
    if (share === undefined && this.#share === undefined) return
    this.#share = share
    this.#requests.limitTo(share)
  }

  /** How many lines a second this run can use, if it has not used all of its share. */
  #wants(): number | undefined {
    const now = this.#ports.clock.now()
    const begun = this.#requests.begunRequests
    const perSecond = ((begun - this.#begun) * 1000) / Math.max(1, now - this.#renewedAt)
    const isFirst = this.#renewedAt === 0
    this.#renewedAt = now
    this.#begun = begun
    const share = this.#share?.perSecond ?? 0
    return isFirst || share === 0 || perSecond >= share * FULL_USE ? undefined : Math.max(1, perSecond * RESERVE)
  }
}

const NEVER = new AbortController().signal
