import { createHash, randomUUID } from 'node:crypto'
import { clock } from '../../lambda/adapters/clock.ts'
import type { Claim } from '../../lambda/archive/archived.ts'
import { REPLAYS_PREFIX } from '../../lambda/keys.ts'
import { contains, countLines, rangesOf } from '../../lambda/common/line-ranges.ts'
import type { Clock } from '../../lambda/ports.ts'
import { takenLines, type ClosedGroups } from '../../lambda/settle/closed-groups.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { mayUpload } from './claims.ts'
import { closeDiscardedIn } from './discard-lines.ts'
import { groupLineOf } from './group-id.ts'
import { GroupSends } from './group-sends.ts'
import { writeOrigins } from './origins.ts'
import { deadLetterFinder, tooLate, UPLOAD_MS, type ReplaySelection, type SelectedGroup } from './replay-lines.ts'
import { isDiscarded, isUploaded, ReplayRecords } from './replay-records.ts'
import { bodyOf, putReplayFile, type EditedLine } from './replay-upload.ts'

/** Rows whose lines are uploaded in one file: the importer reads the origins of all lines of a file at once. */
const MAX_FILE_ROWS = 50_000

export interface GroupReplayResult {
  /** Keys of the uploaded files. */
  readonly keys: readonly string[]
  /** Lines in them. */
  readonly lines: number
  /** Lines that were not sent because their dead letter was not found, or a replay has sent them, or is sending them. */
  readonly missing: number
  /** Dead letters that were removed, because all of their lines are sent. */
  readonly removed: number
}

/** The edited lines of one row, which are uploaded together. */
interface RowLines {
  readonly number: number
  readonly lines: readonly EditedLine[]
}

/**
 * Uploads edited lines of groups as new files to import. The dead letter of a group is removed when all of its lines were sent.
 *
 * Which lines were sent is noted before and after each upload. So if it is interrupted, the next replay sends the rest.
 *
 * @param lines of groups only, in the form in which they are sent
 * @throws SetupError, or the error of S3 or SQS
 */
export async function replayGroups(
  deployment: Deployment,
  lines: readonly EditedLine[],
  selected: ReplaySelection,
  { time = clock }: { readonly time?: Pick<Clock, 'now'> } = {},
): Promise<GroupReplayResult> {
  const byGroup = Map.groupBy(lines, ({ id }) => groupLineOf(id)?.group ?? '')
  const results: GroupReplayResult[] = []
  const recorded = byGroup.size === 0 ? new Map<string, string>() : await new ReplayRecords(deployment).sentIds()
  for (const [id, ofGroup] of byGroup) {
    const group = selected.groups.get(id)
    const isGone = group?.ids.some((message) => isDiscarded(recorded.get(message)))
    if (group === undefined) results.push({ ...NOTHING, missing: ofGroup.length })
    else if (isGone === true) results.push(await finishDiscard(deployment, ofGroup, group, selected))
    else results.push(await new GroupReplay(deployment, group, selected, time).run(ofGroup))
  }
  return {
    keys: results.flatMap(({ keys }) => keys),
    lines: sum(results, ({ lines }) => lines),
    missing: sum(results, ({ missing }) => missing),
    removed: sum(results, ({ removed }) => removed),
  }
}

const NOTHING: GroupReplayResult = { keys: [], lines: 0, missing: 0, removed: 0 }

/** A discard of the group was killed after it had stored a copy. */
async function finishDiscard(
  deployment: Deployment,
  lines: readonly EditedLine[],
  { deadLetter, ids }: SelectedGroup,
  { selection }: ReplaySelection,
): Promise<GroupReplayResult> {
  await closeDiscardedIn(deployment, [deadLetter])
  await selection.remove(ids)
  return { ...NOTHING, missing: lines.length }
}

class GroupReplay {
  readonly #deployment: Deployment
  readonly #group: SelectedGroup
  readonly #selected: ReplaySelection
  readonly #time: Pick<Clock, 'now'>
  readonly #sends: GroupSends
  readonly #keys: string[] = []
  #lines = 0

  constructor(deployment: Deployment, group: SelectedGroup, selected: ReplaySelection, time: Pick<Clock, 'now'>) {
    this.#deployment = deployment
    this.#group = group
    this.#selected = selected
    this.#time = time
    this.#sends = new GroupSends(deployment, group.deadLetter, time)
  }

  async run(lines: readonly EditedLine[]): Promise<GroupReplayResult> {
    const { ids } = this.#group
    const { selection } = this.#selected
    let groups = await this.#sends.settle()
    const owner = randomUUID()
    for (const rows of inFiles(this.#rowsOf(lines))) {
      // Again for each file, because a claim holds for some minutes only.
      if (!(await this.#claim(owner))) break
      groups = (await this.#send(rows)) ?? groups
    }
    const isSent = this.#isSent(groups)
    if (isSent) await selection.remove(ids)
    else await selection.releaseClaims(ids, owner)
    return { keys: this.#keys, lines: this.#lines, missing: lines.length - this.#lines, removed: isSent ? ids.length : 0 }
  }

  /** The rows in the order of the file. One that is not about a line of the group is left out. */
  #rowsOf(lines: readonly EditedLine[]): readonly RowLines[] {
    const isIn = contains(this.#group.deadLetter.group?.ranges ?? [])
    return [...Map.groupBy(lines, ({ id }) => groupLineOf(id)?.line ?? 0)]
      .map(([number, pieces]) => ({ number, lines: pieces }))
      .filter(({ number }) => isIn(number))
      .toSorted((a, b) => a.number - b.number)
  }

  /** A discard must not take the dead letter meanwhile. That of the queue is hidden from it. */
  async #claim(run: string): Promise<boolean> {
    const { ids } = this.#group
    // The document is never the file of a replay. So other commands do not take the whole group for sent.
    const claim: Claim = { file: this.#sends.key, run, at: this.#at() }
    const outcomes = await this.#selected.selection.claim(ids, claim)
    return ids.every((id) => outcomes.get(id) === 'claimed')
  }

  /** @returns what is stored then; undefined if other replays have taken all of these lines */
  async #send(rows: readonly RowLines[]): Promise<ClosedGroups | undefined> {
    const { reason } = this.#group.deadLetter
    const run = randomUUID()
    const send = { reason, run, file: fileOf(run), at: this.#at(), lines: rangesOf(rows.map(({ number }) => number)) }
    const isTaken = contains(await this.#sends.take(send))
    const lines = rows.flatMap((row) => (isTaken(row.number) ? row.lines : []))
    if (lines.length === 0) return undefined
    await writeOrigins(this.#deployment, send, lines, deadLetterFinder(this.#selected))
    const { selection } = this.#selected
    if (!mayUpload(send, this.#time.now()) || !selection.isHiddenFor(this.#group.ids, UPLOAD_MS)) throw tooLate()
    const isNew = await putReplayFile(this.#deployment, send, bodyOf(lines))
    // If the answer to the first attempt was lost, the file is there.
    if (!isNew && !(await isUploaded(this.#deployment, send))) throw tooLate()
    this.#keys.push(send.file)
    this.#lines += lines.length
    return this.#sends.noteUploaded(run)
  }

  #isSent(groups: ClosedGroups): boolean {
    const { reason, group } = this.#group.deadLetter
    const isSending = groups.sending?.some((send) => send.reason === reason) ?? false
    return !isSending && countLines(takenLines(groups, reason)) >= (group?.lines ?? Infinity)
  }

  #at(): string {
    return new Date(this.#time.now()).toISOString()
  }
}

/** As the keys of other replays, but of each upload its own. */
function fileOf(run: string): string {
  return `${REPLAYS_PREFIX}replay-${createHash('sha256').update(run).digest('hex').slice(0, 16)}.json`
}

function inFiles(rows: readonly RowLines[]): readonly (readonly RowLines[])[] {
  return Array.from({ length: Math.ceil(rows.length / MAX_FILE_ROWS) }, (_, file) =>
    rows.slice(file * MAX_FILE_ROWS, (file + 1) * MAX_FILE_ROWS),
  )
}

function sum(results: readonly GroupReplayResult[], of: (result: GroupReplayResult) => number): number {
  return results.reduce((total, result) => total + of(result), 0)
}
