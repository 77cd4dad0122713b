import { rm } from 'node:fs/promises'
import * as v from 'valibot'
import { readLeased } from '../../lambda/settle/lease.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../../lambda/settle/checkpoint.ts'
import type { SentFile } from './files.ts'
import { readIfValid, writeAtomically } from './atomic-file.ts'
import type { Checkpoints, Leased } from '../../lambda/ports.ts'

const STATE_SCHEMA = 'kissmetrics-importer/send/v1'

const State = v.object({
  schema: v.literal(STATE_SCHEMA),
  etag: v.string(),
  begunAt: v.pipe(v.string(), v.isoTimestamp()),
  checkpoint: v.exactOptional(v.record(v.string(), v.unknown())),
})

type StateDocument = v.InferOutput<typeof State>

/** How far the send of a file is: what an interrupted one goes on from. It lies beside the file until the send is finished. */
export class SendState {
  readonly #file: SentFile
  /** When the file was sent for the first time: what "in the future" is measured against, also when a later run goes on. */
  readonly begunAt: Date
  /** A send of the file as it was before it was changed broke off. */
  readonly isOfChangedFile: boolean
  readonly checkpoint: Leased<Checkpoint> | undefined

  private constructor(file: SentFile, found: StateDocument | undefined, now: Date) {
    const own = found?.etag === file.file.etag ? found : undefined
    this.#file = file
    this.begunAt = own === undefined ? now : new Date(own.begunAt)
    this.isOfChangedFile = found !== undefined && own === undefined
    this.checkpoint = readLeased<Checkpoint>(own?.checkpoint, CHECKPOINT_SCHEMA)
  }

  static async read(file: SentFile, now: Date): Promise<SendState> {
    return new SendState(file, await documentOf(file), now)
  }

  /** Everything that was settled before is known, so that it is not sent again. */
  get reached(): number {
    return this.checkpoint?.watermark.line ?? 0
  }

  /** The one checkpoint there is. A write is refused where somebody else has written since the last look. */
  readonly checkpoints: Checkpoints = {
    find: async () => {
      const checkpoint = await this.#current()
      return checkpoint && { value: checkpoint, tag: tagOf(checkpoint) }
    },
    put: async (_place, value, expected) => {
      const before = await this.#current()
      if ((before && tagOf(before)) !== expected) return undefined
      const { etag = '' } = this.#file.file
      await writeAtomically(this.#file.statePath, {
        schema: STATE_SCHEMA,
        etag,
        begunAt: this.begunAt.toISOString(),
        checkpoint: value,
      })
      return tagOf(value)
    },
  }

  async remove(): Promise<void> {
    await rm(this.#file.statePath, { force: true })
  }

  async #current(): Promise<Leased<object> | undefined> {
    const found = await documentOf(this.#file)
    return found?.etag === this.#file.file.etag ? readLeased<object>(found?.checkpoint, CHECKPOINT_SCHEMA) : undefined
  }
}

async function documentOf({ statePath }: SentFile): Promise<StateDocument | undefined> {
  const parsed = v.safeParse(State, await readIfValid(statePath))
  return parsed.success ? parsed.output : undefined
}

/** No two writes are the same: each names its run and counts. */
function tagOf({ leaseHolder: { run, serial } }: Leased<object>): string {
  return `${run} ${serial}`
}
