import { rm } from 'node:fs/promises'
import * as v from 'valibot'
import type { Checkpoints, Leased } from '../../lambda/ports.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../../lambda/settle/checkpoint.ts'
import { refuseNewer } from '../../lambda/common/schema.ts'
import { readLeased } from '../../lambda/settle/lease.ts'
import { createAtomically, readIfValid, writeAtomically } from './atomic-file.ts'
import type { SentFile } from './files.ts'

const STATE_SCHEMA = 'kissmetrics-importer/send/v1'

const StateShape = v.object({
  schema: v.literal(STATE_SCHEMA),
  etag: v.string(),
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  checkpoint: v.exactOptional(v.record(v.string(), v.unknown())),
})

type StateDocument = v.InferOutput<typeof StateShape>

/** Where an interrupted send continues. It is kept beside the file until the send has ended. */
export class SendState {
  readonly #file: SentFile
  /** When the file was first sent. */
  readonly startedAt: Date
  /** Whether a send was interrupted, and the file has changed since. */
  readonly isOfChangedFile: boolean
  readonly checkpoint: Leased<Checkpoint> | undefined

  private constructor(file: SentFile, found: StateDocument | undefined, now: Date) {
    const own = found?.etag === file.source.etag ? found : undefined
    this.#file = file
    this.startedAt = own === undefined ? now : new Date(own.startedAt)
    this.isOfChangedFile = found !== undefined && own === undefined
    this.checkpoint = readLeased<Checkpoint>(own?.checkpoint, CHECKPOINT_SCHEMA, file.statePath)
  }

  static async read(file: SentFile, now: Date): Promise<SendState> {
    return new SendState(file, await readDocument(file), now)
  }

  /** All lines up to this one are settled, and not sent again. */
  get watermarkLine(): number {
    return this.checkpoint?.watermark.line ?? 0
  }

  /** The checkpoint of the file. A write fails if another process has written since the last read. */
  readonly checkpoints: Checkpoints = {
    find: async () => {
      const checkpoint = await this.#current()
      return checkpoint && { value: checkpoint, tag: tagOf(checkpoint) }
    },
    put: async (_key, value, expected) => {
      if (!isLeased(value)) throw new TypeError('a send stores only checkpoints')
      const before = await this.#current()
      if ((before && tagOf(before)) !== expected) return undefined
      const { etag = '' } = this.#file.source
      const document = { schema: STATE_SCHEMA, etag, startedAt: this.startedAt.toISOString(), checkpoint: value }
      if (before === undefined && !(await createAtomically(this.#file.statePath, document))) {
        // Another process was faster; or the file is the state of an older version of the sent file, and is replaced.
        if ((await this.#current()) !== undefined) return undefined
        await writeAtomically(this.#file.statePath, document)
      } else if (before !== undefined) await writeAtomically(this.#file.statePath, document)
      return tagOf(value)
    },
  }

  async remove(): Promise<void> {
    await rm(this.#file.statePath, { force: true })
  }

  async #current(): Promise<Leased<object> | undefined> {
    const found = await readDocument(this.#file)
    const { source, statePath } = this.#file
    return found?.etag === source.etag ? readLeased<object>(found?.checkpoint, CHECKPOINT_SCHEMA, statePath) : undefined
  }
}

/** @throws NewerVersionError: to begin again would send lines a second time */
async function readDocument({ statePath }: SentFile): Promise<StateDocument | undefined> {
  const found = await readIfValid(statePath)
  refuseNewer(found, STATE_SCHEMA, statePath)
  const parsed = v.safeParse(StateShape, found)
  return parsed.success ? parsed.output : undefined
}

function isLeased(value: object): value is Leased<object> {
  return 'leaseHolder' in value
}

/** Unique for each write, because a run numbers its writes. */
function tagOf({ leaseHolder: { run, serial } }: Leased<object>): string {
  return `${run} ${serial}`
}
