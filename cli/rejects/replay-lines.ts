import { clock } from '../../lambda/adapters/clock.ts'
import { SetupError } from '../../lambda/errors.ts'
import type { Deployment } from '../deployment/deployment.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { mayUpload, type ClaimOutcome } from './claims.ts'
import { byTheirRules } from './by-their-rules.ts'
import { deadLetterOfLine, groupIdOf, groupLineOf } from './group-id.ts'
import { closeDiscardedIn } from './discard-lines.ts'
import { writeOrigins } from './origins.ts'
import { isDiscarded, ReplayRecords } from './replay-records.ts'
import { ReplayUpload, type EditedLine, type FindDeadLetter } from './replay-upload.ts'
import { scanDeadLetters, type ScanOptions } from './scan.ts'
import type { DeadLetterSelection } from './selection.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'

/** Dead letters of the queue must stay hidden for at least this long when an upload begins. They are renewed while it runs. */
export const UPLOAD_MS = 60_000

export interface ReplayResult {
  /** Key of the uploaded file; undefined if there was nothing left to upload. */
  readonly key: string | undefined
  /** Lines in that file. */
  readonly lines: number
  /** Lines that an earlier, interrupted run of this or another replay had uploaded. */
  readonly uploadedBefore: number
  /** Lines that were not sent because their dead letter was not found, or another replay is sending it. */
  readonly missing: number
}

/** Dead letters of lines to replay. Others do not see them before this is disposed of. */
export interface ReplaySelection extends AsyncDisposable {
  readonly selection: DeadLetterSelection
  /** By message id. One of another program has none. */
  readonly deadLetters: ReadonlyMap<string, DeadLetter>
  /** The groups that lines belong to, by their id. */
  readonly groups: ReadonlyMap<string, SelectedGroup>
}

/** The dead letters about the same group: usually one. */
export interface SelectedGroup {
  /** The one about most lines. */
  readonly deadLetter: DeadLetter
  /** Message ids. */
  readonly ids: readonly string[]
}

/** Finds the dead letters of rows. That of a line of a group has no text. */
export function deadLetterFinder({ deadLetters, groups }: Pick<ReplaySelection, 'deadLetters' | 'groups'>): FindDeadLetter {
  return (id) => {
    const inGroup = groupLineOf(id)
    if (inGroup === undefined) return deadLetters.get(id)
    const group = groups.get(inGroup.group)
    return group && deadLetterOfLine(group.deadLetter, inGroup.line)
  }
}

/** @param ids of rows @throws the error of S3 or SQS, or the reason of the signal */
export async function selectForReplay(
  deployment: Deployment,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
  options: ScanOptions = {},
): Promise<ReplaySelection> {
  const deadLetters = new Map<string, DeadLetter>()
  const groups = new Map<string, SelectedGroup>()
  const wantedGroups = new Set([...ids].flatMap((id) => groupLineOf(id)?.group ?? []))
  const isSelected = ({ id, content }: StoredDeadLetter): boolean => {
    const deadLetter = 'deadLetter' in content ? content.deadLetter : undefined
    const group = deadLetter?.kind === 'group' ? groupIdOf(deadLetter) : ''
    const isWantedGroup = wantedGroups.has(group)
    if (deadLetter !== undefined && isWantedGroup) groups.set(group, withCopy(groups.get(group), id, deadLetter))
    if (deadLetter !== undefined && ids.has(id)) deadLetters.set(id, deadLetter)
    return ids.has(id) || isWantedGroup
  }
  const selection = await scanDeadLetters(deployment, isSelected, signal, options)
  const release = () => selection[Symbol.asyncDispose]()
  if (signal.aborted) await release()
  signal.throwIfAborted()
  return { selection, deadLetters, groups, [Symbol.asyncDispose]: release }
}

function withCopy(group: SelectedGroup | undefined, id: string, deadLetter: DeadLetter): SelectedGroup {
  const isLarger = (deadLetter.group?.lines ?? 0) > (group?.deadLetter.group?.lines ?? 0)
  return { deadLetter: group === undefined || isLarger ? deadLetter : group.deadLetter, ids: [...(group?.ids ?? []), id] }
}

/** Finds the dead letters of edited lines, and replays the lines. @throws SetupError, or the error of S3 or SQS */
export async function replayLines(
  deployment: Deployment,
  edited: readonly EditedLine[],
  signal: AbortSignal,
  options: ScanOptions = {},
): Promise<ReplayResult> {
  await using selected = await selectForReplay(deployment, new Set(edited.map(({ id }) => id)), signal, options)
  return await replaySelected(deployment, edited, selected, options)
}

/**
 * Uploads edited lines as a new file to import, and then removes their dead letters.
 *
 * If it is interrupted in between, both remain. The same replay, started again, then only removes the dead letters. Several replays at
 * the same time send each dead letter once: one in the queue is hidden from the others, and one in the bucket is claimed first.
 *
 * @param edited all lines of the replay; all that were made of one dead letter, or none of them
 * @throws SetupError, or the error of S3 or SQS
 */
export async function replaySelected(
  deployment: Deployment,
  edited: readonly EditedLine[],
  { selection, deadLetters }: Pick<ReplaySelection, 'selection' | 'deadLetters'>,
  { time = clock }: ScanOptions = {},
): Promise<ReplayResult> {
  const idsOf = (some: readonly EditedLine[]) => [...new Set(some.map(({ id }) => id))]
  const lines = byTheirRules(edited, (id) => deadLetters.get(id))
  const upload = new ReplayUpload(deployment, lines)
  const records = new ReplayRecords(deployment)
  const recorded = await records.sentIds()
  // A discard was killed before it closed them.
  await closeDiscardedIn(
    deployment,
    [...deadLetters].flatMap(([id, deadLetter]) => (isDiscarded(recorded.get(id)) ? [deadLetter] : [])),
  )
  const { uploaded, found, missing } = partition(lines, {
    sentIds: recorded,
    uploadedLines: await upload.uploadedLines(),
    isFound: (id) => selection.has(id),
  })
  const claim = { file: upload.nextKey, run: upload.run, at: new Date(time.now()).toISOString() }
  const outcomes = await selection.claim(idsOf(found), claim)
  const withOutcome = (outcome: ClaimOutcome) => found.filter(({ id }) => (outcomes.get(id) ?? 'claimed') === outcome)
  const [toUpload, sentByOthers] = [withOutcome('claimed'), withOutcome('sent')]
  let isUploaded = false
  if (toUpload.length > 0) {
    await records.write(claim, idsOf(toUpload))
    await writeOrigins(deployment, claim, toUpload, (id) => deadLetters.get(id))
    if (!mayUpload(claim, time.now()) || !selection.isHiddenFor(idsOf(toUpload), UPLOAD_MS)) throw tooLate()
    isUploaded = await upload.upload(toUpload)
  }
  const sent = isUploaded ? toUpload : []
  const uploadedBefore = [...uploaded, ...sentByOthers]
  const isRemoved = await selection.remove(idsOf([...uploadedBefore, ...sent]).filter((id) => selection.has(id)))
  // As long as one of them may still be somewhere, the record says that it was sent.
  if (toUpload.length > 0 && isRemoved) await records.remove(upload.run)
  return {
    key: isUploaded ? claim.file : undefined,
    lines: sent.length,
    uploadedBefore: uploadedBefore.length,
    missing: missing.length + found.length - sentByOthers.length - sent.length,
  }
}

interface Known {
  /** Dead letters that a replay was killed after sending. */
  readonly sentIds: Pick<ReadonlySet<string>, 'has'>
  /** How often each line is in the files of this replay. */
  readonly uploadedLines: ReadonlyMap<string, number>
  /** Whether a dead letter was found. */
  readonly isFound: (id: string) => boolean
}

function partition(
  lines: readonly EditedLine[],
  { sentIds, uploadedLines, isFound }: Known,
): Readonly<Record<'uploaded' | 'found' | 'missing', readonly EditedLine[]>> {
  const left = new Map(uploadedLines)
  const {
    uploaded = [],
    found = [],
    missing = [],
  } = Object.groupBy(lines, ({ id, line }) => {
    const times = left.get(line) ?? 0
    if (times > 0) left.set(line, times - 1)
    if (times > 0 || sentIds.has(id)) return 'uploaded'
    return isFound(id) ? 'found' : 'missing'
  })
  return { uploaded, found, missing }
}

export function tooLate(): SetupError {
  return new SetupError(
    'The replay was paused for minutes before its upload, so another one may send these lines. Nothing was sent. Run the command again.',
  )
}
