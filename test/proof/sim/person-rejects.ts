import { byTheirRules } from '../../../cli/rejects/by-their-rules.ts'
import { mayUpload } from '../../../cli/rejects/claims.ts'
import { closeDiscarded } from '../../../lambda/jobs/close-discarded.ts'
import { replayOriginsKey } from '../../../lambda/keys.ts'
import type { Ports, QueuedDeadLetter } from '../../../lambda/ports.ts'
import { DEAD_LETTER_SCHEMA, type DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { replayOrigins } from '../../../lambda/settle/replay-origins.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'
import { subjectOf } from './dead-letters.ts'
import type { EventSource } from './event-source.ts'
import type { FaultSource } from './fault-source.ts'
import { fixedText, replayModel, type FixedLine, type ModelFile } from './model.ts'
import type { Observed } from './observed.ts'
import { fileName } from './queue.ts'
import type { LineKind, Replay } from './scenario.ts'
import { Fault, Worker, type Rules } from './worker.ts'

const HIDDEN_SECONDS = 300
/** As the command has it: its dead letters must stay hidden for a minute. */
const MAX_AGE_MS = 240_000
/** What becomes of a rejected line. The endpoint refuses some again. */
const FIXES: readonly LineKind[] = ['valid', 'valid', 'two-requests', 'too-long-for-now', 'too-long-for-the-endpoint', 'blank']
/** The command sends no such line if it has to apply rules to it. */
const INVALID: LineKind = 'no-time'

const noLog = (): void => undefined

export interface RejectsOptions {
  readonly clock: VirtualClock
  readonly rules: Rules
  readonly faults: FaultSource
  readonly observed: Observed
  readonly eventSource: Pick<EventSource, 'portsFor'>
  /** A file of fixed lines was uploaded. */
  readonly onUpload: (file: ModelFile, replay: Replay) => void
}

/** A dead letter that a person has selected. */
interface Selected extends QueuedDeadLetter {
  readonly deadLetter: DeadLetter
}

/**
 * A person who fixes the lines in the dead-letter queue, or discards them, with commands that can be killed like an invocation. What they do to
 * the reports and the bucket is the importer's own code, in the order of `km-import rejects`.
 */
export class PersonWithRejects {
  readonly #options: RejectsOptions
  /** What a command has done with a dead letter that it may not have removed: by message id, as the records of the commands say. */
  readonly #records = new Map<string, 'sent' | 'discarded'>()
  #commands = 0

  constructor(options: RejectsOptions) {
    this.#options = options
  }

  /** Discards everything in the dead-letter queue that is about a line, or about many. */
  discard(): Promise<void> {
    return this.#run(async (worker, ports) => {
      const { faults, observed } = this.#options
      for (const selected of await this.#select(ports, ({ kind }) => kind !== 'file')) {
        await worker.actOnAws(faults.s3Fails, () => {
          this.#records.set(selected.id, 'discarded')
          observed.deadLetters.discarded.add(subjectOf(selected.deadLetter))
        })
        await closeDiscarded([selected.deadLetter], ports)
        await ports.deadLetterReader.remove([selected])
      }
    })
  }

  /** Fixes most of the lines in the dead-letter queue, and uploads them as a new file. */
  replay(replay: Replay): Promise<void> {
    return this.#run(async (worker, ports) => {
      const { clock, faults, observed } = this.#options
      const at = new Date(clock.now()).toISOString()
      const selected = await this.#select(ports, ({ kind }) => kind === 'line' && faults.chance() < 0.8)
      const recordedAs = (record: string) => selected.filter(({ id }) => this.#records.get(id) === record)
      await closeDiscarded(
        recordedAs('discarded').map(({ deadLetter }) => deadLetter),
        ports,
      )
      const open = selected.filter(({ id }) => !this.#records.has(id))
      if (open.length > 0) {
        const run = `replay-${worker.id}`
        const lines = this.#fix(open)
        const origins = replayOrigins(lines.map(({ deadLetter }) => deadLetter))
        await worker.actOnAws(faults.s3Fails, () => undefined) // the record
        const key = { bucket: 'files', key: replayOriginsKey(run) }
        const isWritten = (await ports.documents.put(key, origins, undefined)) !== undefined
        if (!isWritten && (await ports.documents.find(key)) === undefined) return
        if (!mayUpload({ file: '', run, at }, clock.now()) || clock.now() - Date.parse(at) > MAX_AGE_MS) return
        await worker.actOnAws(faults.s3Fails, () => {
          for (const { id } of open) this.#records.set(id, 'sent')
          this.#options.onUpload(replayModel(this.#placed(lines), observed.files.length, run, clock.now()), replay)
        })
      }
      await ports.deadLetterReader.remove(selected)
    })
  }

  /** Takes the dead letters that are wanted, which no other command sees then. */
  async #select({ deadLetterReader }: Ports, isWanted: (deadLetter: DeadLetter) => boolean): Promise<readonly Selected[]> {
    const taken = await deadLetterReader.take(HIDDEN_SECONDS)
    const selected: Selected[] = []
    const others: QueuedDeadLetter[] = []
    for (const queued of taken) {
      const deadLetter = queued.body.includes(DEAD_LETTER_SCHEMA) ? (JSON.parse(queued.body) as DeadLetter) : undefined
      if (deadLetter !== undefined && isWanted(deadLetter)) selected.push({ ...queued, deadLetter })
      else others.push(queued)
    }
    if (others.length > 0) await deadLetterReader.putBack(others)
    return selected
  }

  #fix(selected: readonly Selected[]): readonly Fixed[] {
    const { chance } = this.#options.faults
    return selected.flatMap(({ id, deadLetter }) => {
      const canFail = deadLetter.rules === undefined
      const kinds = canFail ? [...FIXES, INVALID] : FIXES
      const isSplit = chance() < 0.2
      return Array.from({ length: isSplit ? 2 : 1 }, () => ({
        id,
        deadLetter,
        kind: kinds[Math.floor(chance() * kinds.length)]!,
      }))
    })
  }

  /** The lines as they are written into the next file, with the rules of their own files. */
  #placed(fixed: readonly Fixed[]): readonly FixedLine[] {
    const { files } = this.#options.observed
    return fixed.map(({ id, deadLetter, kind }, index): FixedLine => {
      const { source, line = '' } = deadLetter
      const name = /"(n\d*)":/.exec(line)?.[1] ?? 'n'
      const edited = { id, line: fixedText(kind, { file: files.length, line: index + 1 }, name) }
      const [sent] = edited.line === '' ? [edited] : byTheirRules([edited], () => deadLetter)
      const file = files.findIndex((each) => fileName(each.source) === fileName(source))
      return { kind, text: sent?.line ?? '', replaces: { file, line: source.line ?? 0 } }
    })
  }

  async #run(command: (worker: Worker, ports: Ports) => Promise<void>): Promise<void> {
    const { clock, rules, eventSource } = this.#options
    this.#commands += 1
    const worker = new Worker(-this.#commands, clock, 0, rules, () => undefined)
    try {
      await command(worker, eventSource.portsFor(worker, { info: noLog, warn: noLog, error: noLog, count: noLog }))
    } catch (error) {
      if (!(error instanceof Fault)) throw error // the person tries it again later, or does not
    }
  }
}

interface Fixed extends Pick<Selected, 'id' | 'deadLetter'> {
  readonly kind: LineKind
}
