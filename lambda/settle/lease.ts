import type { Clock } from '../deliver/delivery.ts'

/** Who works on something, and until when nobody else should. */
export interface Tenure {
  /** Names one run: no two are the same. */
  readonly run: string
  /** The message that the run works on; not there where none brought the work. */
  readonly messageId?: string
  /** Counts the writes of a run, so that it can tell its own from another's. */
  readonly serial: number
  /** Milliseconds since 1970; 0 where the run gave it up. */
  readonly until: number
}

/** Where a checkpoint lies. */
export interface Place {
  readonly bucket: string
  readonly key: string
}

export type Held<State> = State & { readonly tenure: Tenure }

/** Small documents that are only ever replaced by who has seen the last one. */
export interface Checkpoints {
  /** `tag` changes with every write. */
  find(place: Place): Promise<{ readonly value: unknown; readonly tag: string } | undefined>
  /**
   * @param expected tag of the document that is to be replaced; undefined where there must be none
   * @returns the new tag, or undefined where somebody else has written meanwhile
   */
  put(place: Place, value: Held<object>, expected: string | undefined): Promise<string | undefined>
}

/** Another run has taken the work over: this one must not go on, and must not say that the work is done. */
export class LostClaim extends Error {
  override readonly name = 'LostClaim'

  constructor() {
    super('Another invocation has taken this work over, since nothing was heard of this one for too long.')
  }
}

/** @returns undefined where there is nothing, or nothing that can be understood */
export function readHeld<State extends object>(value: unknown, schema: string): Held<State> | undefined {
  const isHeld = typeof value === 'object' && value !== null && 'schema' in value && value.schema === schema && 'tenure' in value
  return isHeld ? (value as Held<State>) : undefined
}

export type Taking<State extends object> =
  | { readonly kind: 'taken'; readonly claim: Claim<State> }
  /** Somebody else works on it, for so long at most unless he goes on. */
  | { readonly kind: 'busy'; readonly ms: number; readonly messageId: string | undefined }
  | { readonly kind: 'over'; readonly state: State }

export interface Claimant<State> {
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
export class Claim<State extends object> {
  readonly #place: Place
  readonly #checkpoints: Checkpoints
  readonly #clock: Pick<Clock, 'now'>
  readonly #claimant: Claimant<State>
  #state: State
  #tag: string | undefined
  #serial = 0

  private constructor(
    place: Place,
    checkpoints: Checkpoints,
    clock: Pick<Clock, 'now'>,
    claimant: Claimant<State>,
    state: State,
    tag: string | undefined,
  ) {
    this.#place = place
    this.#checkpoints = checkpoints
    this.#clock = clock
    this.#claimant = claimant
    this.#state = state
    this.#tag = tag
  }

  static async take<State extends object>(
    place: Place,
    checkpoints: Checkpoints,
    clock: Pick<Clock, 'now'>,
    claimant: Claimant<State>,
  ): Promise<Taking<State>> {
    const found = await checkpoints.find(place)
    const held = readHeld<State>(found?.value, claimant.schema)
    if (held !== undefined && claimant.isOver(held)) return { kind: 'over', state: held }
    const leftMs = held === undefined ? 0 : held.tenure.until - clock.now()
    if (leftMs > 0) return { kind: 'busy', ms: leftMs, messageId: held?.tenure.messageId }
    const brokeOff = found !== undefined && held?.tenure.until !== 0
    const state = claimant.begin(held, brokeOff)
    const claim = new Claim(place, checkpoints, clock, claimant, state, found?.tag)
    try {
      await claim.save(state)
    } catch (error) {
      if (!(error instanceof LostClaim)) throw error
      const winner = readHeld<State>((await checkpoints.find(place))?.value, claimant.schema)
      return { kind: 'busy', ms: claimant.leaseMs, messageId: winner?.tenure.messageId }
    }
    return { kind: 'taken', claim }
  }

  /** As it was saved last. */
  get state(): State {
    return this.#state
  }

  /** @throws LostClaim, or what S3 said */
  save(state: State): Promise<void> {
    return this.#write(state, this.#clock.now() + this.#claimant.leaseMs)
  }

  /** Saves for the last time: whoever comes next may begin at once. @throws LostClaim, or what S3 said */
  release(state: State): Promise<void> {
    return this.#write(state, 0)
  }

  async #write(state: State, until: number): Promise<void> {
    this.#serial += 1
    const { run, messageId } = this.#claimant
    const tenure: Tenure = { run, ...(messageId !== undefined && { messageId }), serial: this.#serial, until }
    const tag = (await this.#checkpoints.put(this.#place, { ...state, tenure }, this.#tag)) ?? (await this.#tagOfOwn(tenure))
    if (tag === undefined) throw new LostClaim()
    this.#tag = tag
    this.#state = state
  }

  /** S3 took the write, the answer was lost, and the second try was refused because of the first. */
  async #tagOfOwn({ run, serial }: Tenure): Promise<string | undefined> {
    const found = await this.#checkpoints.find(this.#place)
    const held = readHeld<State>(found?.value, this.#claimant.schema)
    return held?.tenure.run === run && held.tenure.serial === serial ? found?.tag : undefined
  }
}
