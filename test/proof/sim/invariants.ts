import type { Task } from '../../../lambda/intake/task.ts'
import { checkpointKey, CHECKPOINTS_PREFIX, RECONCILE_SCHEMA, reportKey } from '../../../lambda/keys.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import type { Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import type { SplitPlan } from '../../../lambda/settle/split-plan.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import type { SimulatedEndpoint } from './endpoint.ts'
import type { Model, ModelLine } from './model.ts'
import type { Queues } from './queue.ts'
import type { Store } from './store.ts'

/** Thrown when the importer breaks a promise. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

function expectKept(promise: string, isKept: boolean, seen: () => string): void {
  if (!isKept) throw new Violation(`${promise}: ${seen()}`)
}

export interface Observed {
  readonly file: SourceFile
  readonly model: Model
  readonly store: Store
  readonly queues: Queues
  readonly endpoint: SimulatedEndpoint
}

/** Per line: how many different requests the endpoint accepted, and how often the most repeated one was repeated. */
function acceptedByLine({ endpoint }: Observed): ReadonlyMap<number, { readonly requests: number; readonly repeats: number }> {
  const byLine = new Map<number, { requests: number; repeats: number }>()
  for (const [request, times] of endpoint.accepted) {
    const number = Number(/[?&]n=(\d+)/.exec(request)?.[1] ?? /_p=p(\d+)/.exec(request)?.[1])
    const { requests = 0, repeats = 0 } = byLine.get(number) ?? {}
    byLine.set(number, { requests: requests + 1, repeats: Math.max(repeats, times - 1) })
  }
  return byLine
}

/** No loss: every line that has ended, says a checkpoint, was accepted, is a dead letter, or is blank. Call it at every write. */
export function checkNothingLost(observed: Observed, key: string, value: unknown): void {
  if (!key.startsWith(CHECKPOINTS_PREFIX) || key.endsWith('/plan.json')) return
  const { watermark, ended, counts } = value as Checkpoint
  const index = Number(/(\d+)\.json$/.exec(key)?.[1])
  const plan = observed.store.read(checkpointKey(observed.file, 'plan')) as SplitPlan | undefined
  const firstLine = plan?.segments.find((segment) => segment.index === index)?.firstLine ?? (index === 1 ? 1 : undefined)
  const accepted = acceptedByLine(observed)
  const settled = observed.model.lines.filter(
    ({ number }) =>
      (number <= watermark.line && number >= (firstLine ?? watermark.line + 1)) ||
      ended.some(([first, last]) => number >= first && number <= last),
  )
  for (const line of settled) {
    expectKept(
      'every settled line has an end',
      isEnded(line, accepted, observed),
      () => `line ${line.number}, ${line.end}, of ${key}`,
    )
  }
  if (firstLine === undefined) return
  const { delivered, rejected, undeliverable, blank } = counts.lines
  expectKept(
    'a checkpoint counts exactly the lines that have ended',
    delivered + rejected + undeliverable + blank === settled.length,
    () => `${JSON.stringify(counts.lines)} for ${settled.length} lines`,
  )
  const next = observed.model.lines[watermark.line]?.byteStart ?? observed.model.bytes.length
  expectKept(
    'a checkpoint points at the start of a line',
    watermark.byte === next,
    () => `byte ${watermark.byte} for line ${watermark.line + 1}, which starts at ${next}`,
  )
}

function isEnded(line: ModelLine, accepted: ReturnType<typeof acceptedByLine>, { queues }: Observed): boolean {
  switch (line.end) {
    case 'blank':
      return true
    case 'delivered':
      return accepted.get(line.number)?.requests === line.requests
    case 'rejected':
    case 'undeliverable':
      return queues.deadLetters.some(({ source, reason }) => source.line === line.number && reason === line.reason)
  }
}

/** No orphan: until the final report exists, a message asks for the remaining work. Call it whenever a message is deleted. */
export function checkNoOrphan(observed: Observed): void {
  const { file, store, queues } = observed
  const report = store.read(reportKey(file)) as Report | undefined
  if (report !== undefined && isFinal(report)) return
  // The daily search may find the rest of the work, but only a day later.
  const tasks = [...queues.waiting.map(({ body }) => body), ...queues.deadMessages]
    .map((body) => JSON.parse(body) as Partial<Task> & { readonly schema?: string })
    .filter(({ schema }) => schema !== RECONCILE_SCHEMA)
  const plan = store.read(checkpointKey(file, 'plan')) as SplitPlan | undefined
  const isAskedFor = (index: number) => tasks.some(({ segment }) => segment === undefined || segment.index === index)
  const remaining = (plan?.segments ?? []).filter(
    ({ index }) => !isDone(store.read(checkpointKey(file, index)) as Checkpoint | undefined),
  )
  expectKept(
    'a message asks for the remaining work',
    tasks.length > 0 && remaining.every(({ index }) => isAskedFor(index)),
    () =>
      `segments ${remaining.map(({ index }) => index).join()} of ${plan?.segments.length ?? 1} are not done, and ${tasks.length} messages remain`,
  )
}

function isDone(checkpoint: Checkpoint | undefined): boolean {
  return checkpoint?.isDone === true
}

/** Everything that must be true at the end of a run. */
export function checkEnd(observed: Observed): void {
  const { file, model, store, queues, endpoint } = observed
  const report = store.read(reportKey(file)) as Report | undefined
  expectKept('there is a final report', report !== undefined && isFinal(report), () => report?.state ?? 'no report')
  if (report === undefined) return
  const count = (end: ModelLine['end']) => model.lines.filter((line) => line.end === end).length
  const expected = {
    total: model.lines.length,
    delivered: count('delivered'),
    rejected: count('rejected'),
    undeliverable: count('undeliverable'),
    blank: count('blank'),
  }
  for (const [name, number] of Object.entries(expected) as [keyof typeof expected, number][])
    expectKept(
      `the report counts the ${name} lines`,
      report.lines[name] === number,
      () => `${report.lines[name]} instead of ${number}`,
    )
  const accepted = acceptedByLine(observed)
  for (const line of model.lines)
    expectKept('every line has an end', isEnded(line, accepted, observed), () => `line ${line.number}, ${line.end}`)
  for (const number of accepted.keys())
    expectKept('only valid lines are sent', model.lines[number - 1]?.end === 'delivered', () => `line ${number}`)
  for (const [number, { requests }] of accepted)
    expectKept(
      'every attempt of a request is the same',
      requests <= (model.lines[number - 1]?.requests ?? 0),
      () => `line ${number} made ${requests} different requests`,
    )
  for (const { source, line } of queues.deadLetters) {
    const origin = model.lines[(source.line ?? 0) - 1]
    const isFaithful = line === origin?.text && source.byteStart === origin?.byteStart && source.byteEnd === origin?.byteEnd
    expectKept(
      'a dead letter holds its line',
      isFaithful && origin?.end !== 'delivered',
      () => `line ${source.line ?? 0}: ${line ?? ''}`,
    )
  }
  for (const [reason, { examples = [] } = {}] of Object.entries(report.rejectedBy))
    for (const { line } of examples)
      expectKept('an example names its line', model.lines[line - 1]?.reason === reason, () => `${reason} at line ${line}`)
  const repeats = [...accepted.values()].reduce((sum, of) => sum + of.repeats, 0)
  expectKept(
    'the report bounds the repeats',
    repeats <= report.repeatsPossible,
    () => `${repeats} lines repeated, ${endpoint.ambiguous} answers lost, ${report.repeatsPossible} reported as possible`,
  )
}
