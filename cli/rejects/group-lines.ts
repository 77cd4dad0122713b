import { EMULATOR_KEY } from '../../emulators/kissmetrics/key.ts'
import { clock } from '../../lambda/adapters/clock.ts'
import { s3SourceFiles } from '../../lambda/adapters/s3-objects.ts'
import { lineRulesFor } from '../../lambda/jobs/line-rules.ts'
import { readOptions } from '../../lambda/jobs/read-options.ts'
import { contains, difference, type LineRanges } from '../../lambda/common/line-ranges.ts'
import { toEntry, type Entry } from '../../lambda/parse/entry.ts'
import type { Absence, OpenFile } from '../../lambda/ports.ts'
import { openLines, UnreadableFile, VanishedFile, type Line } from '../../lambda/read/lines.ts'
import { resuming } from '../../lambda/read/resume.ts'
import { reject, type ReasonCode } from '../../lambda/reasons.ts'
import { readNumberSetting } from '../../lambda/settings/numbers.ts'
import { lineDeadLetter } from '../../lambda/settle/build-dead-letter.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { Deployment } from '../deployment/deployment.ts'

/** A group whose lines are read from its file. */
export interface WantedGroup {
  readonly deadLetter: DeadLetter
  /** Lines that are left out. */
  readonly without: LineRanges
}

export type ReadGroups =
  /** A dead letter for each line, in the order of the file. Fewer, if the file is damaged or vanishes. */
  { readonly kind: 'open'; readonly lines: AsyncIterable<DeadLetter> } | { readonly kind: Absence }

/**
 * Reads the lines of groups of one file, from exactly the version of the file that they were rejected from. Memory does not depend on how many
 * there are.
 *
 * @param groups of the same file and the same import
 * @throws SetupError, or the error of S3
 */
export async function readGroups(
  groups: readonly WantedGroup[],
  deployment: Pick<Deployment, 's3' | 'settings'>,
): Promise<ReadGroups> {
  const [first] = groups
  if (first === undefined) return { kind: 'gone' }
  const opened = await resuming(s3SourceFiles(deployment.s3), clock).open(first.deadLetter.source)
  return opened.kind === 'open' ? { kind: 'open', lines: linesOf(opened, groups, deployment) } : opened
}

async function* linesOf(
  opened: OpenFile,
  groups: readonly WantedGroup[],
  { settings }: Pick<Deployment, 'settings'>,
): AsyncGenerator<DeadLetter> {
  const { rules } = groups[0]?.deadLetter ?? {}
  const lineRules = lineRulesFor(opened.lastModified, rules)
  const groupOf = groupFinder(groups)
  const last = Math.max(0, ...groups.map(({ deadLetter }) => deadLetter.group?.ranges.at(-1)?.[1] ?? 0))
  try {
    const { batches } = await openLines(opened.body, {
      maxLineBytes: readNumberSetting('KM_MAX_LINE_BYTES', settings ?? process.env),
      ...readOptions(opened, rules),
    })
    for await (const batch of batches)
      for (const line of batch) {
        if (line.number > last) return
        const found = groupOf(line, () => toEntry(line, lineRules, EMULATOR_KEY))
        if (found !== undefined) yield deadLetterOf(line, found, opened.lastModified)
      }
  } catch (error) {
    if (!(error instanceof UnreadableFile || error instanceof VanishedFile)) throw error // the lines before were read
  } finally {
    opened.body.destroy()
  }
}

interface Found {
  readonly group: DeadLetter
  readonly entry: Entry
}

type GroupFinder = (line: Line, entryOf: () => Entry) => Found | undefined

/** Ranges that are not exact also have other lines. Whether such a line is in the group, its reason says. */
function groupFinder(groups: readonly WantedGroup[]): GroupFinder {
  const all = groups.map(({ deadLetter, without }) => ({
    deadLetter,
    isCoarse: deadLetter.group?.isCoarse === true,
    isIn: contains(difference(deadLetter.group?.ranges ?? [], without)),
  }))
  return (line, entryOf) => {
    const near = all.filter(({ isIn }) => isIn(line.number))
    if (near.length === 0) return undefined
    const entry = entryOf()
    const reason = reasonOf(entry)
    const found = near.find(({ isCoarse }) => !isCoarse) ?? near.find(({ deadLetter }) => deadLetter.reason === reason)
    return found && { group: found.deadLetter, entry }
  }
}

function reasonOf(entry: Entry): ReasonCode | undefined {
  return entry.kind === 'rejected' ? entry.rejection.reason : undefined
}

function deadLetterOf(line: Line, { group, entry }: Found, lastModified: Date): DeadLetter {
  const { source, replays, rules, reason, failedAt } = group
  // A newer version of the importer may judge the line differently.
  const rejection = entry.kind === 'rejected' && reasonOf(entry) === reason ? entry.rejection : reject(reason)
  return lineDeadLetter({ file: source, lastModified, replays, rules }, line, rejection, 0, Date.parse(failedAt))
}
