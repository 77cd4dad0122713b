import type { Checkpoints, Clock, DocumentKey, LeaseHolder, Leased } from '../ports.ts'
import { isNewer, refuseNewer } from '../common/schema.ts'

/** Another run has taken over. This run must stop, and must not report the work as done. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
  readonly code = 'lease_lost'

  constructor() {
    super('Another invocation has taken over this work, because this one has not saved a checkpoint for too long.')
  }
}

/**
 * Parses a leased document.
 *
 * @param key where it is stored
 * @returns undefined if there is none, or if it is damaged
 * @throws NewerVersionError: to begin again would send lines a second time
 */
export function readLeased<State extends object>(value: unknown, schema: string, key: string): Leased<State> | undefined {
  refuseNewer(value, schema, key)
  const isLeased =
    typeof value === 'object' && value !== null && 'schema' in value && value.schema === schema && 'leaseHolder' in value
  return isLeased ? (value as Leased<State>) : undefined
}

export type LeaseResult<State extends object> =
  | { readonly kind: 'acquired'; readonly lease: Lease<State> }
  /** Another run holds the lease. It ends after `ms`, unless the holder renews it. */
  | { readonly kind: 'busy'; readonly ms: number; readonly messageId: string | undefined }
  /** Nobody holds the lease, but the work is left to another message. */
  | { readonly kind: 'waiting' }
  /** No work is left. */
  | { readonly kind: 'done'; readonly state: State }

export interface LeaseRequest<State> {
  /** Schema of the document. A damaged document is ignored, and the work begins again. */
  readonly schema: string
  /** Unique id of the run. */
  readonly run: string
  readonly messageId: string | undefined
  readonly leaseMs: number
  /** Whether there was no document a moment ago: then none is read, and the write confirms it. */
  readonly isFirst?: boolean
  /** Whether the earlier runs have left no work. */
  isDone(earlier: State): boolean
  /** Whether another message asks for the work later. */
  isWaiting?(earlier: State): boolean
  /** The first state of this run. @param hasCrashed whether the earlier run ended without releasing its lease */
  begin(earlier: State | undefined, hasCrashed: boolean): State | Promise<State>
}

/**
 * The right to work on a segment (or on a split plan), with the state of the work: an S3 document that only the lease holder can replace.
 * `jobs/` acquires it before the work and releases it afterwards; the checkpointer saves in between.
 *
 * A lease ends by itself, so that another run can take over from one that was killed. Each write names the write before it (If-Match). So a
 * run that was only suspended notices at its next checkpoint that another run has taken over, before it can acknowledge anything.
 *
 * @see Amazon S3, "How to prevent object overwrites with conditional writes"
 */
export class Lease<State extends object> {
  readonly #key: DocumentKey
  readonly #checkpoints: Checkpoints
  readonly #clock: Pick<Clock, 'now'>
  readonly #request: LeaseRequest<State>
  #state: State
  #tag: string | undefined
  #serial = 0

  private constructor(
    key: DocumentKey,
    checkpoints: Checkpoints,
    clock: Pick<Clock, 'now'>,
    request: LeaseRequest<State>,
    state: State,
    tag: string | undefined,
  ) {
    this.#key = key
    this.#checkpoints = checkpoints
    this.#clock = clock
    this.#request = request
    this.#state = state
    this.#tag = tag
  }

  /** Acquires the lease if it is free, or if the lease of an earlier run has ended. @throws NewerVersionError, or the error of S3 */
  static async acquire<State extends object>(
    key: DocumentKey,
    checkpoints: Checkpoints,
    clock: Pick<Clock, 'now'>,
    request: LeaseRequest<State>,
  ): Promise<LeaseResult<State>> {
    const found = request.isFirst === true ? undefined : await checkpoints.find(key)
    const leased = readLeased<State>(found?.value, request.schema, key.key)
    if (leased !== undefined && request.isDone(leased)) return { kind: 'done', state: leased }
    if (leased !== undefined && request.isWaiting?.(leased) === true) return { kind: 'waiting' }
    const leftMs = leased === undefined ? 0 : leased.leaseHolder.until - clock.now()
    if (leftMs > 0) return { kind: 'busy', ms: leftMs, messageId: leased?.leaseHolder.messageId }
    const hasCrashed = found !== undefined && leased?.leaseHolder.until !== 0
    const state = await request.begin(leased, hasCrashed)
    const lease = new Lease(key, checkpoints, clock, request, state, found?.tag)
    try {
      await lease.save(state)
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error
      const holder = readLeased<State>((await checkpoints.find(key))?.value, request.schema, key.key)?.leaseHolder
      // S3 can refuse a write although no other run has written (409). Then there is no holder whose message asks for the work, and this
      // message stays. A new one would meet the lease of an earlier run on this message, if clocks differ, and rely on a deleted message.
      const isHeld = holder !== undefined && holder.until > clock.now()
      return { kind: 'busy', ms: request.leaseMs, messageId: isHeld ? holder.messageId : request.messageId }
    }
    return { kind: 'acquired', lease }
  }

  /** The state that was saved last. */
  get state(): State {
    return this.#state
  }

  /** Saves a state and renews the lease. @throws LeaseLost, or the error of S3 */
  save(state: State): Promise<void> {
    return this.#write(state, this.#clock.now() + this.#request.leaseMs)
  }

  /** Saves the last state and releases the lease, so that the next run can begin immediately. @throws LeaseLost, or the error of S3 */
  release(state: State): Promise<void> {
    return this.#write(state, 0)
  }

  async #write(state: State, until: number): Promise<void> {
    this.#serial += 1
    const { run, messageId } = this.#request
    const leaseHolder: LeaseHolder = { run, ...(messageId !== undefined && { messageId }), serial: this.#serial, until }
    const tag =
      (await this.#checkpoints.put(this.#key, { ...state, leaseHolder }, this.#tag)) ?? (await this.#tagOfOwn(leaseHolder))
    if (tag === undefined) throw new LeaseLost()
    this.#tag = tag
    this.#state = state
  }

  /** The tag of this write, if S3 has refused it only because an earlier try of the same write was accepted and its answer was lost. */
  async #tagOfOwn({ run, serial }: LeaseHolder): Promise<string | undefined> {
    const found = await this.#checkpoints.find(this.#key)
    if (isNewer(found?.value, this.#request.schema)) return undefined // a run of a newer version has taken over
    const leased = readLeased<State>(found?.value, this.#request.schema, this.#key.key)
    return leased?.leaseHolder.run === run && leased.leaseHolder.serial === serial ? found?.tag : undefined
  }
}
