import type { Report, ReportState } from '../../../lambda/report/report.ts'
import type { Decision, Safety } from '../../../lambda/jobs/safety.ts'
import { doneLines, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import type { SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { subjectOf } from './dead-letters.ts'
import { checkGroups, checkPinned, isInDiscardedGroup, isInStoredGroup } from './groups.ts'
import { lineOfRequest, type End, type ModelFile, type ModelLine } from './model.ts'
import { expectKept, type Observed } from './observed.ts'
import { checkOpenLines } from './open-lines.ts'
import { fileName } from './queue.ts'
import { SavedWork } from './saved-work.ts'
import type { Worker } from './worker.ts'

/** As docs/guarantees.md says. */
const UNSAVED_LINES_PER_REQUEST = 48

/** Everything that must be true after every step. Each method is called at the steps that can break its promise. */
export class StepInvariants {
  readonly #observed: Observed
  /** Of each file, in the order of their ids. */
  readonly #saved: readonly SavedWork[]
  readonly #acknowledged = new Set<string>()

  constructor(observed: Observed) {
    this.#observed = observed
    this.#saved = observed.files.map((file) => new SavedWork(file))
  }

  /** A document was written to the bucket. */
  written(key: string, value: unknown): void {
    for (const [id, saved] of this.#saved.entries()) {
      const document = saved.documentAt(key)
      if (document === undefined) continue
      const file = this.#observed.files[id]!
      switch (document.kind) {
        case 'report': {
          const { state } = value as Report
          checkOpenLines(file, value as Report, this.#observed)
          checkReport(state, saved.report)
          saved.report = state
          break
        }
        case 'plan': {
          const plan = value as SplitPlan
          saved.plan = [...plan.segments]
          saved.isSurveyed = plan.isSurveyed === true
          break
        }
        case 'safety': {
          const { decision, holds, decidedBy, grouped } = value as Safety
          if (holds.some(({ rule }) => rule === 'not_surveyed')) this.#checkNotSurveyed(file)
          else {
            checkDecision(file, decision, saved.decision)
            checkPinned(file, value as Safety)
          }
          saved.decision = decision
          saved.decidedBy = decidedBy
          saved.grouped = new Set(grouped)
          break
        }
        case 'survey':
          saved.surveyed.add(document.index)
          break
        case 'checkpoint': {
          const checkpoint = value as Checkpoint
          saved.segments.set(document.index, { doneLines: doneLines(checkpoint), isDone: checkpoint.isDone })
          this.#checkNothingLost(file, document.index, checkpoint, saved)
        }
      }
    }
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
    if (this.#observed.isChecked) {
      const { decision } = this.#saved[id]!
      const isAllowed = decision === 'released' || (decision === 'passed' && file.scenario.decision === undefined)
      expectKept('nothing is sent before it is decided', isAllowed, () => `file ${id} is ${decision ?? 'undecided'}`)
    }
    if (request.startsWith('/a?') && file.lines[line - 1]?.requests === 2)
      expectKept(
        'the requests of a line are sent in order',
        this.#observed.endpoint.acceptedOf(id, line).size > 0,
        () => `the alias of line ${line} of file ${id} is first`,
      )
    const unsaved = line - this.#savedBefore(this.#saved[id]!, line)
    const max = UNSAVED_LINES_PER_REQUEST * this.#observed.maxInFlight
    expectKept('few lines are sent beyond a checkpoint', unsaved <= max, () => `line ${line} of file ${id}: ${unsaved}`)
  }

  /** An invocation knows that SQS has stored a dead letter. */
  acknowledged(worker: Worker, deadLetter: DeadLetter): void {
    if (deadLetter.kind === 'group') return // sent again if it could not be noted that it was sent
    const copy = `${worker.id}:${subjectOf(deadLetter)}`
    expectKept('an invocation stores a dead letter once', !this.#acknowledged.has(copy), () => copy)
    this.#acknowledged.add(copy)
  }

  /** A copy of a dead letter is gone. */
  removed(deadLetter: DeadLetter): void {
    const subject = subjectOf(deadLetter)
    const file = this.#observed.files.find(({ source }) => fileName(source) === fileName(deadLetter.source))
    const line = file?.lines[(deadLetter.source.line ?? 0) - 1]
    const isStored = this.#observed.deadLetters.copiesOf(subject) > 0 || this.#observed.deadLetters.discarded.has(subject)
    const isKept =
      isStored ||
      (file !== undefined && line !== undefined && hasEnded(file, line, 'delivered', this.#observed)) ||
      // A rejected file that was deleted meanwhile: its replay finds nothing to import.
      (line === undefined && file?.to !== Infinity) ||
      // A rejected file that was cancelled before its report was written.
      (line === undefined && file !== undefined && this.#saved[file.id]?.report === 'cancelled') ||
      // A rejected file whose replay was deferred: a task asks for it.
      (line === undefined && this.#observed.queue.waiting.some(({ work }) => work.file === fileName(deadLetter.source)))
    expectKept(
      'a dead letter is kept until its line is delivered',
      deadLetter.kind === 'group' ? isStored : isKept,
      () => subject,
    )
  }

  /** A message was deleted: until the final report exists, another one asks for the remaining work. */
  deleted(): void {
    const { files, queue, deadLetters, lost, undecided } = this.#observed
    for (const [id, saved] of this.#saved.entries()) {
      const { report, plan = [], segments } = saved
      if (isFinal(report) || saved.decision === 'discarded') continue
      // The person queues the file, and does it again if that fails.
      if (saved.decision === 'held' || (saved.decision === 'released' && undecided.has(id))) continue
      const name = fileName(files[id]!.source)
      if (lost.has(name)) continue
      const tasks = [...queue.waiting.map(({ work }) => work), ...deadLetters.work].filter(
        (work) => work.kind === 'task' && work.file === name,
      )
      // A segment that is surveyed waits for the others. The run that surveys the last one queues it again.
      const waits = (index: number): boolean => saved.isSurveyed && saved.decision === undefined && saved.surveyed.has(index)
      // The segment whose run has decided queues those that have not begun, and only then begins itself.
      const queues = (segment: number, index: number): boolean =>
        saved.decision === 'passed' && segment === saved.decidedBy && !segments.has(index)
      const remaining = plan.filter(({ index }) => segments.get(index)?.isDone !== true && !waits(index))
      expectKept(
        'a message asks for the remaining work',
        tasks.length > 0 &&
          remaining.every(({ index }) =>
            tasks.some(({ segment }) => segment === undefined || segment === index || queues(segment, index)),
          ),
        () =>
          `file ${id}: segments ${remaining.map(({ index }) => index).join()} of ${plan.length} are not done, and ${tasks.length} messages remain`,
      )
    }
  }

  /** Only an invocation that is too short, again and again, cannot survey a file. */
  #checkNotSurveyed({ id }: ModelFile): void {
    expectKept('a file is surveyed if there is time', this.#observed.isShortOfTime, () => `file ${id}`)
  }

  /** Number of the last line that the checkpoint of a line's segment covers, if those that it covers were the first ones. */
  #savedBefore({ plan, segments }: SavedWork, line: number): number {
    const segment = plan?.find(({ firstLine, lines }) => line >= firstLine && line < firstLine + lines)
    if (plan !== undefined && segment === undefined) return line // a segment that the plan does not contain yet
    return segments.get(segment?.index ?? 1)?.doneLines ?? (segment?.firstLine ?? 1) - 1
  }

  /** Every line that has ended, says a checkpoint, was accepted, is a dead letter, or is blank; and the checkpoint counts exactly those. */
  #checkNothingLost(file: ModelFile, index: number, checkpoint: Checkpoint, { plan, grouped }: SavedWork): void {
    const { watermark, ended, counts } = checkpoint
    // The task of a segment is queued before the plan contains it.
    const firstLine = plan?.find((segment) => segment.index === index)?.firstLine ?? (index === 1 ? 1 : undefined)
    if (firstLine === undefined) return
    const settled = [[firstLine, watermark.line] as const, ...ended].flatMap(([first, last]) => file.lines.slice(first - 1, last))
    for (const line of settled)
      expectKept(
        'every settled line has an end',
        // The dead letter of a group is sent when the import ends.
        grouped.has(line.reason ?? '') || line.ends.some((end) => hasEnded(file, line, end, this.#observed)),
        () => `line ${line.number}, ${line.ends.join(' or ')}, of segment ${index} of file ${file.id}`,
      )
    checkGroups(file, grouped, checkpoint, settled)
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

function checkReport(state: ReportState, before: ReportState | undefined): void {
  // A file that was rejected can be replayed.
  const isKept = !isFinal(before) || before === 'failed' || isFinal(state)
  expectKept('a final report stays final', isKept, () => `${before ?? ''} became ${state}`)
}

/** A discarded one is stored elsewhere. */
function hasDeadLetter(file: ModelFile, line: ModelLine, deadLetters: Observed['deadLetters']): boolean {
  const subject = `${fileName(file.source)}:${line.number}`
  return (
    deadLetters.copiesOf(subject) > 0 ||
    deadLetters.discarded.has(subject) ||
    isInStoredGroup(file, line, { deadLetters }) ||
    isInDiscardedGroup(file, line, { deadLetters })
  )
}

function isFinal(state: ReportState | undefined): boolean {
  return state !== undefined && state !== 'importing' && state !== 'held'
}

/** What a person has decided stays, and only files that trip a rule are held. */
function checkDecision({ id, scenario }: ModelFile, decision: Decision, before: Decision | undefined): void {
  const first = scenario.decision === undefined ? 'passed' : 'held'
  const isRight = before === undefined ? decision === first : before === 'held' && decision === scenario.decision?.kind
  expectKept('a file is held if it trips a rule', isRight, () => `file ${id}: ${before ?? 'undecided'} became ${decision}`)
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
      return hasDeadLetter(file, line, deadLetters)
  }
}
