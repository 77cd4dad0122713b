import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import { doneLines, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import type { SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { subjectOf } from './dead-letters.ts'
import { lineOfRequest, type End, type ModelFile, type ModelLine } from './model.ts'
import { expectKept, type Observed } from './observed.ts'
import { fileName } from './queue.ts'
import type { Worker } from './worker.ts'

/** As docs/guarantees.md says. */
const UNSAVED_LINES_PER_REQUEST = 24

/** Everything that must be true after every step. Each method is called at the steps that can break its promise. */
export class StepInvariants {
  readonly #observed: Observed
  readonly #acknowledged = new Set<string>()

  constructor(observed: Observed) {
    this.#observed = observed
  }

  /** A document was written to the bucket. */
  written(key: string, value: unknown, before: unknown): void {
    const file = this.#observed.files.find(({ checkpoints, source }) => key.startsWith(checkpoints) || key === reportKey(source))
    if (file === undefined) return
    if (key === reportKey(file.source)) checkReport(value as Report, before as Report | undefined)
    else if (!key.endsWith('/plan.json')) this.#checkNothingLost(file, key, value as Checkpoint)
  }

  /** A request has arrived at the endpoint. */
  arrived(request: string): void {
    const { file: id, line } = lineOfRequest(request)
    const file = this.#observed.files[id]
    if (file === undefined) return
    expectKept(
      'only valid lines are sent',
      file.lines[line - 1]?.requests !== 0 && file.lines[line - 1] !== undefined,
      () => `line ${line} of file ${id}`,
    )
    if (request.startsWith('/a?'))
      expectKept(
        'the requests of a line are sent in order',
        this.#observed.endpoint.acceptedOf(id, line).size > 0,
        () => `the alias of line ${line} of file ${id} is first`,
      )
    const unsaved = line - this.#savedBefore(file, line)
    const max = UNSAVED_LINES_PER_REQUEST * this.#observed.maxInFlight
    expectKept('few lines are sent beyond a checkpoint', unsaved <= max, () => `line ${line} of file ${id}: ${unsaved}`)
  }

  /** An invocation knows that SQS has stored a dead letter. */
  acknowledged(worker: Worker, deadLetter: DeadLetter): void {
    const copy = `${worker.id}:${subjectOf(deadLetter)}`
    expectKept('an invocation stores a dead letter once', !this.#acknowledged.has(copy), () => copy)
    this.#acknowledged.add(copy)
  }

  /** A copy of a dead letter is gone. */
  removed(deadLetter: DeadLetter): void {
    const subject = subjectOf(deadLetter)
    const file = this.#observed.files.find(({ source }) => fileName(source) === fileName(deadLetter.source))
    const line = file?.lines[(deadLetter.source.line ?? 0) - 1]
    const isKept =
      this.#observed.deadLetters.copiesOf(subject) > 0 ||
      (file !== undefined && line !== undefined && hasEnded(file, line, 'delivered', this.#observed)) ||
      // A rejected file that was deleted meanwhile: its replay finds nothing to import.
      (line === undefined && file?.to !== Infinity)
    expectKept('a dead letter is kept until its line is delivered', isKept, () => subject)
  }

  /** A message was deleted: until the final report exists, another one asks for the remaining work. */
  deleted(): void {
    const { files, queue, deadLetters, store, lost } = this.#observed
    for (const file of files) {
      const name = fileName(file.source)
      if (lost.has(name)) continue
      const report = store.read(reportKey(file.source)) as Report | undefined
      if (report !== undefined && isFinal(report)) continue
      const tasks = [...queue.waiting.map(({ work }) => work), ...deadLetters.work].filter(
        (work) => work.kind === 'task' && work.file === name,
      )
      const plan = store.read(checkpointKey(file.source, 'plan')) as SplitPlan | undefined
      const remaining = (plan?.segments ?? []).filter(
        ({ index }) => (store.read(checkpointKey(file.source, index)) as Checkpoint | undefined)?.isDone !== true,
      )
      expectKept(
        'a message asks for the remaining work',
        tasks.length > 0 &&
          remaining.every(({ index }) => tasks.some(({ segment }) => segment === undefined || segment === index)),
        () =>
          `file ${file.id}: segments ${remaining.map(({ index }) => index).join()} of ${plan?.segments.length ?? 1} are not done, and ${tasks.length} messages remain`,
      )
    }
  }

  /** Number of the last line that the checkpoint of a line's segment covers, if those that it covers were the first ones. */
  #savedBefore({ source }: ModelFile, line: number): number {
    const { store } = this.#observed
    const plan = store.read(checkpointKey(source, 'plan')) as SplitPlan | undefined
    const segment = plan?.segments.find(({ firstLine, lines }) => line >= firstLine && line < firstLine + lines)
    if (plan !== undefined && segment === undefined) return line // a segment that the plan does not contain yet
    const checkpoint = store.read(checkpointKey(source, segment?.index ?? 1)) as Checkpoint | undefined
    return checkpoint === undefined ? (segment?.firstLine ?? 1) - 1 : doneLines(checkpoint)
  }

  /** Every line that has ended, says a checkpoint, was accepted, is a dead letter, or is blank; and the checkpoint counts exactly those. */
  #checkNothingLost(file: ModelFile, key: string, { watermark, ended, counts }: Checkpoint): void {
    const index = Number(/(\d+)\.json$/.exec(key)?.[1])
    const plan = this.#observed.store.read(checkpointKey(file.source, 'plan')) as SplitPlan | undefined
    // The task of a segment is queued before the plan contains it.
    const firstLine = plan?.segments.find((segment) => segment.index === index)?.firstLine ?? (index === 1 ? 1 : undefined)
    if (firstLine === undefined) return
    const settled = [[firstLine, watermark.line] as const, ...ended].flatMap(([first, last]) => file.lines.slice(first - 1, last))
    for (const line of settled)
      expectKept(
        'every settled line has an end',
        line.ends.some((end) => hasEnded(file, line, end, this.#observed)),
        () => `line ${line.number}, ${line.ends.join(' or ')}, of ${key}`,
      )
    const { delivered, rejected, undeliverable, blank } = counts.lines
    expectKept(
      'a checkpoint counts exactly the lines that have ended',
      delivered + rejected + undeliverable + blank === settled.length,
      () => `${JSON.stringify(counts.lines)} for ${settled.length} lines`,
    )
    const next = file.lines[watermark.line]?.byteStart ?? file.contentBytes
    expectKept(
      'a checkpoint points at the start of a line',
      watermark.byte === next || file.lines.length === 0,
      () => `byte ${watermark.byte} for line ${watermark.line + 1}, which starts at ${next}`,
    )
  }
}

function checkReport(report: Report, before: Report | undefined): void {
  // A file that was rejected can be replayed.
  const isKept = before === undefined || !isFinal(before) || before.state === 'failed' || isFinal(report)
  expectKept('a final report stays final', isKept, () => `${before?.state ?? ''} became ${report.state}`)
}

/** Whether a line has ended like this. */
export function hasEnded(file: ModelFile, line: ModelLine, end: End, { endpoint, deadLetters }: Observed): boolean {
  switch (end) {
    case 'blank':
      return true
    case 'delivered':
      return endpoint.acceptedOf(file.id, line.number).size === line.requests
    case 'rejected':
    case 'undeliverable':
      return deadLetters.copiesOf(`${fileName(file.source)}:${line.number}`) > 0
  }
}
