import { byTheirRules } from '../../../cli/rejects/by-their-rules.ts'
import { claimOutcome, mayUpload, type ClaimOutcome } from '../../../cli/rejects/claims.ts'
import { archive } from '../../../lambda/archive/archive.ts'
import type { Claim } from '../../../lambda/archive/archived.ts'
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
import { expectKept, type Observed } from './observed.ts'
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
interface Selected extends Pick<QueuedDeadLetter, 'id'> {
  readonly deadLetter: DeadLetter
}

type SelectedInQueue = Selected & QueuedDeadLetter

/** Attempts to claim the dead letters of a file that others change at the same time. */
const MAX_CLAIM_TRIES = 5
const NEVER = new AbortController().signal

/**
 * A person who fixes the lines in the dead-letter queue, or discards them, with commands that can be killed like an invocation. What they do to
 * the reports and the bucket is the importer's own code, in the order of `km-import rejects`.
 */
export class PersonWithRejects {
  readonly #options: RejectsOptions
  /** What a command has done with a dead letter that it may not have removed: by message id, as the records of the commands say. */
  readonly #records = new Map<string, 'sent' | 'discarded'>()
  /** Runs of replays that have uploaded their file. */
  readonly #uploaded = new Set<string>()
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

  /** Fixes most of the lines in the dead-letter queue, or also of those that are archived, and uploads them as a new file. */
  replay(replay: Replay): Promise<void> {
    return this.#run(async (worker, ports) => {
      const { clock, faults, observed } = this.#options
      if (replay.isOfArchived === true) await this.#archive(ports)
      const at = new Date(clock.now()).toISOString()
      const run = `replay-${worker.id}`
      const queued = await this.#select(ports, ({ kind }) => kind === 'line' && faults.chance() < 0.8)
      const ids = new Set(queued.map(({ id }) => id))
      const archived = replay.isOfArchived === true ? await this.#archived(worker, ids) : []
      // A run of the archive that was interrupted can leave a dead letter in the queue and in several files: it is selected once.
      const selected = [...queued, ...archived].filter(({ id }, index, all) => all.findIndex((each) => each.id === id) === index)
      const recordedAs = (record: string) => selected.filter(({ id }) => this.#records.get(id) === record)
      await closeDiscarded(
        recordedAs('discarded').map(({ deadLetter }) => deadLetter),
        ports,
      )
      const outcomes = archived.length === 0 ? NO_OUTCOMES : await this.#claim(worker, archived, { file: run, run, at })
      const outcomeOf = ({ id }: Selected): ClaimOutcome => outcomes.get(id) ?? 'claimed'
      const open = selected.filter((each) => !this.#records.has(each.id) && outcomeOf(each) === 'claimed')
      if (open.length > 0) {
        const lines = this.#fix(open)
        const origins = replayOrigins(lines.map(({ deadLetter }) => deadLetter))
        await worker.actOnAws(faults.s3Fails, () => undefined) // the record
        const key = { bucket: 'files', key: replayOriginsKey(run) }
        const isWritten = (await ports.documents.put(key, origins, undefined)) !== undefined
        if (!isWritten && (await ports.documents.find(key)) === undefined) return
        if (!mayUpload({ file: '', run, at }, clock.now()) || clock.now() - Date.parse(at) > MAX_AGE_MS) return
        await worker.actOnAws(faults.s3Fails, () => {
          this.#noteSent(open)
          this.#uploaded.add(run)
          this.#options.onUpload(replayModel(this.#placed(lines), observed.files.length, run, clock.now()), replay)
        })
      }
      await ports.deadLetterReader.remove(queued.filter((each) => outcomeOf(each) !== 'taken'))
      const done = archived.filter((each) => outcomeOf(each) !== 'taken')
      if (done.length > 0) await observed.deadLetters.archived.remove(worker, faults.s3Fails, new Set(done.map(({ id }) => id)))
    })
  }

  #noteSent(sent: readonly Selected[]): void {
    for (const { id, deadLetter } of sent) {
      expectKept('a dead letter is sent once', this.#records.get(id) !== 'sent', () => `${id} of ${subjectOf(deadLetter)}`)
      this.#records.set(id, 'sent')
    }
  }

  /** Moves the lines in the dead-letter queue to the bucket. */
  async #archive(ports: Ports): Promise<void> {
    const matches = ({ body }: QueuedDeadLetter): boolean => body.includes('"kind":"line"')
    await archive(ports, { bucket: ports.bucket, why: 'asked', matches, ending: NEVER })
  }

  /** Most of the archived lines, and all that are also in the queue: a run that was interrupted can leave them in both. */
  async #archived(worker: Worker, queued: ReadonlySet<string>): Promise<readonly Selected[]> {
    const { faults, observed } = this.#options
    const files = await observed.deadLetters.archived.list(worker, faults.s3Fails)
    return files
      .flatMap(({ deadLetters }) => deadLetters)
      .map(({ id, body }) => ({ id, deadLetter: JSON.parse(body) as DeadLetter }))
      .filter(({ id, deadLetter }) => deadLetter.kind === 'line' && (queued.has(id) || faults.chance() < 0.8))
  }

  /** @returns what this replay may do with each, by message id */
  async #claim(worker: Worker, selected: readonly Selected[], claim: Claim): Promise<ReadonlyMap<string, ClaimOutcome>> {
    const { faults, observed } = this.#options
    const { archived } = observed.deadLetters
    const ids = new Set(selected.map(({ id }) => id))
    const all = new Map<string, ClaimOutcome>()
    const keys = (await archived.list(worker, faults.s3Fails)).map(({ key }) => key)
    for (const key of keys)
      for (let tries = 1; tries <= MAX_CLAIM_TRIES; tries += 1) {
        const file = (await archived.list(worker, faults.s3Fails)).find((each) => each.key === key)
        const wanted = file?.deadLetters.filter(({ id }) => ids.has(id)) ?? []
        if (file === undefined || wanted.length === 0) break
        const outcomes = new Map(
          wanted.map(({ id, claim: existing }) => [id, claimOutcome(existing, claim, this.#uploaded.has(existing?.run ?? ''))]),
        )
        if (!(await archived.claim(worker, faults.s3Fails, file, { outcomes, claim }))) continue
        // One that is in several files is claimed if it is claimed in all of them.
        for (const [id, outcome] of outcomes) if (outcome !== 'claimed' || !all.has(id)) all.set(id, outcome)
        break
      }
    return new Map(Array.from(ids, (id) => [id, all.get(id) ?? 'taken']))
  }

  /** Takes the dead letters that are wanted, which no other command sees then. */
  async #select({ deadLetterReader }: Ports, isWanted: (deadLetter: DeadLetter) => boolean): Promise<readonly SelectedInQueue[]> {
    const taken = await deadLetterReader.take(HIDDEN_SECONDS)
    const selected: SelectedInQueue[] = []
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

const NO_OUTCOMES: ReadonlyMap<string, ClaimOutcome> = new Map()

interface Fixed extends Pick<Selected, 'id' | 'deadLetter'> {
  readonly kind: LineKind
}
