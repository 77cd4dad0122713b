import type { Checkpoints, Clock, DocumentKey, LeaseHolder, Leased } from '../ports.ts'

/** Another run has taken the work over: this one must not go on, and must not say that the work is done. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
  readonly code = 'lease_lost'

  constructor() {
    super('Another invocation has taken this work over, since nothing was heard of this one for too long.')
  }
}

/** @returns undefined where there is nothing, or nothing that can be understood */
export function readLeased<State extends object>(value: unknown, schema: string): Leased<State> | undefined {
  const isLeased =
    typeof value === 'object' && value !== null && 'schema' in value && value.schema === schema && 'leaseHolder' in value
  return isLeased ? (value as Leased<State>) : undefined
}

export type LeaseResult<State extends object> =
  | { readonly kind: 'taken'; readonly lease: Lease<State> }
  /** Somebody else works on it, for so long at most unless he goes on. */
  | { readonly kind: 'busy'; readonly ms: number; readonly messageId: string | undefined }
  | { readonly kind: 'over'; readonly state: State }

export interface LeaseRequest<State> {
  /** What the document says of itself. One of another kind or another time is not understood, and the work begins anew. */
  readonly schema: string
  readonly run: string
  readonly messageId: string | undefined
  readonly leaseMs: number
  /** Whether nothing is left to be done. */
  isOver(earlier: State): boolean
  /** The first state of this run. @param brokeOff whether the run before ended without a word */
  begin(earlier: State | undefined, brokeOff: boolean): State
}

/**
 * The right to work on one segment (or plan), and its memory: a document in S3 that only the holder may replace.
 *
 * It is a lease, so that a run that was killed is succeeded; and since each write names the one before it (If-Match), a run that only
 * slept finds out at its next checkpoint, before it can acknowledge anything.
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

  static async take<State extends object>(
    key: DocumentKey,
    checkpoints: Checkpoints,
    clock: Pick<Clock, 'now'>,
    request: LeaseRequest<State>,
  ): Promise<LeaseResult<State>> {
    const found = await checkpoints.find(key)
    const leased = readLeased<State>(found?.value, request.schema)
    if (leased !== undefined && request.isOver(leased)) return { kind: 'over', state: leased }
    const leftMs = leased === undefined ? 0 : leased.leaseHolder.until - clock.now()
    if (leftMs > 0) return { kind: 'busy', ms: leftMs, messageId: leased?.leaseHolder.messageId }
    const brokeOff = found !== undefined && leased?.leaseHolder.until !== 0
    const state = request.begin(leased, brokeOff)
    const lease = new Lease(key, checkpoints, clock, request, state, found?.tag)
    try {
      await lease.save(state)
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error
      const winner = readLeased<State>((await checkpoints.find(key))?.value, request.schema)
      return { kind: 'busy', ms: request.leaseMs, messageId: winner?.leaseHolder.messageId }
    }
    return { kind: 'taken', lease }
  }

  /** As it was saved last. */
  get state(): State {
    return this.#state
  }

  /** @throws LostClaim, or what S3 said */
  save(state: State): Promise<void> {
    return this.#write(state, this.#clock.now() + this.#request.leaseMs)
  }

  /** Saves for the last time: whoever comes next may begin at once. @throws LostClaim, or what S3 said */
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

  /** S3 took the write, the answer was lost, and the second try was refused because of the first. */
  async #tagOfOwn({ run, serial }: LeaseHolder): Promise<string | undefined> {
    const found = await this.#checkpoints.find(this.#key)
    const leased = readLeased<State>(found?.value, this.#request.schema)
    return leased?.leaseHolder.run === run && leased.leaseHolder.serial === serial ? found?.tag : undefined
  }
}
