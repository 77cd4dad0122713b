import type { Safety } from '../../../lambda/jobs/safety.ts'
import { safetyKey } from '../../../lambda/keys.ts'
import { contains, rangesOf } from '../../../lambda/common/line-ranges.ts'
import type { Report } from '../../../lambda/report/report.ts'
import type { Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { subjectOf } from './dead-letters.ts'
import type { ModelFile, ModelLine } from './model.ts'
import { expectKept, type Observed } from './observed.ts'
import { fileName } from './queue.ts'
import { MAX_SAME_REASON, MIN_CHECKED_LINES } from './scenario.ts'

/** The reasons that hold a file: too many of its lines have them. */
function reasonsOverLimit({ lines }: ModelFile): readonly string[] {
  if (lines.length < MIN_CHECKED_LINES) return []
  const rejected = lines.flatMap(({ ends, reason }) => (ends.includes('rejected') && reason !== undefined ? [reason] : []))
  return [...Map.groupBy(rejected, (reason) => reason)].flatMap(([reason, all]) => (all.length > MAX_SAME_REASON ? [reason] : []))
}

/** The release of a file pins the reasons over the limit, and no others. */
export function checkPinned(file: ModelFile, { decision, grouped = [] }: Safety): void {
  const expected = decision === 'released' ? reasonsOverLimit(file) : []
  expectKept(
    'the release of a file says which lines share a dead letter',
    JSON.stringify(grouped.toSorted()) === JSON.stringify(expected.toSorted()),
    () => `file ${file.id}, ${decision}: ${grouped.join()}, not ${expected.join()}`,
  )
}

/** A checkpoint has exactly the settled lines of each group, each once. */
export function checkGroups(
  file: ModelFile,
  grouped: ReadonlySet<string>,
  { groups = {} }: Checkpoint,
  settled: readonly ModelLine[],
): void {
  for (const reason of new Set([...grouped, ...Object.keys(groups)])) {
    const lines = grouped.has(reason) ? numbersOf(settled, reason) : []
    const group = groups[reason as keyof typeof groups] ?? { lines: 0, ranges: [] }
    expectKept(
      'a checkpoint has exactly the settled lines of a group',
      group.lines === lines.length && JSON.stringify(group.ranges) === JSON.stringify(rangesOf(lines)),
      () => `${reason} in file ${file.id}: ${JSON.stringify(group)}, not ${JSON.stringify(rangesOf(lines))}`,
    )
  }
}

/** Whether a line is in a group whose dead letter is stored, and whether a person has discarded that. */
export function isInStoredGroup(file: ModelFile, line: ModelLine, { deadLetters }: Pick<Observed, 'deadLetters'>): boolean {
  return deadLettersWith(file, line, deadLetters).some((deadLetter) => deadLetters.copiesOf(subjectOf(deadLetter)) > 0)
}

export function isInDiscardedGroup(file: ModelFile, line: ModelLine, { deadLetters }: Pick<Observed, 'deadLetters'>): boolean {
  return deadLettersWith(file, line, deadLetters).some((deadLetter) => deadLetters.discarded.has(subjectOf(deadLetter)))
}

function deadLettersWith(
  { source }: ModelFile,
  { number, reason }: ModelLine,
  { groups }: Observed['deadLetters'],
): readonly DeadLetter[] {
  return groups.filter(
    (deadLetter) =>
      deadLetter.reason === reason &&
      fileName(deadLetter.source) === fileName(source) &&
      contains(deadLetter.group?.ranges ?? [])(number),
  )
}

/** The dead letter of a group says what is true: how many lines, which, and the text of some. */
export function checkGroupDeadLetter(file: ModelFile | undefined, { reason, group }: DeadLetter): void {
  const isIn = contains(group?.ranges ?? [])
  const lines = (file?.lines ?? []).filter(({ number }) => isIn(number))
  const isExact =
    lines.length > 0 &&
    group?.lines === lines.length &&
    lines.every((line) => line.reason === reason) &&
    JSON.stringify(group.ranges) === JSON.stringify(rangesOf(numbersOf(lines, reason)))
  const areFaithful = group?.examples.every((example) => {
    const line = file?.lines[example.number - 1]
    return isIn(example.number) && example.line === line?.text && example.byteStart === line?.byteStart
  })
  expectKept(
    'the dead letter of a group is exact',
    isExact && areFaithful === true,
    () => `${reason} of file ${file?.id ?? '?'}: ${JSON.stringify(group)}`,
  )
}

/** At the end, no line of a group has a dead letter of its own, and one dead letter is about all of them. */
export function checkGrouped(file: ModelFile, report: Report, { store, deadLetters }: Observed): void {
  const { grouped = [] } = (store.read(safetyKey(file.source)) as Safety | undefined) ?? {}
  if (!report.state.startsWith('complete')) return
  for (const reason of grouped) {
    const lines = numbersOf(file.lines, reason)
    const ofFile = deadLetters.all.filter((each) => each.reason === reason && fileName(each.source) === fileName(file.source))
    const isWhole = ofFile.some(({ group }) => group?.lines === lines.length)
    expectKept(
      'a group has one dead letter',
      ofFile.every(({ kind }) => kind === 'group') && isWhole && report.grouped?.[reason] === lines.length,
      () => `${reason} in file ${file.id}: ${ofFile.map(({ kind }) => kind).join()}, reported ${JSON.stringify(report.grouped)}`,
    )
  }
}

function numbersOf(lines: readonly ModelLine[], reason: string): readonly number[] {
  return lines.filter((line) => line.reason === reason).map(({ number }) => number)
}
