import type { SourceFile } from '../intake/source-file.ts'
import { replayOriginsKey, undeliveredKey } from '../keys.ts'
import { contains, type LineRanges } from '../common/line-ranges.ts'
import type { Ports } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { readReplayOrigins, replacedBy, type ReplayOrigins } from '../settle/replay-origins.ts'
import { undeliveredDocument, type Replaced } from '../settle/undelivered.ts'
import { isComplete } from '../settle/undelivered-lines.ts'
import { closeLines, findUndelivered, replacedLines, type Closing } from './close-lines.ts'

/** @returns undefined if the file has none: a person, or an older version, has uploaded it @throws NewerVersionError, or the error of S3 */
export async function findReplayOrigins(
  { bucket }: Pick<SourceFile, 'bucket'>,
  replay: string | undefined,
  { documents }: Pick<Ports, 'documents'>,
): Promise<ReplayOrigins | undefined> {
  if (replay === undefined) return undefined
  const originsKey = replayOriginsKey(replay)
  return readReplayOrigins((await documents.find({ bucket, key: originsKey }))?.value, originsKey)
}

/**
 * Stores which lines were not delivered, for when they are closed. Checkpoints and origins expire, and dead letters may be fixed later.
 *
 * @param settled only of a cancelled import: its other lines have no dead letters, so what they replace stays open
 */
export async function recordUndelivered(importState: ImportState, ports: Ports, settled?: LineRanges): Promise<void> {
  const { file, counts, undelivered = [], replay } = importState
  const { rejected, undeliverable } = counts.lines
  const expected = replay === undefined ? undeliverable : rejected + undeliverable
  if (expected === 0 || !isComplete(undelivered, expected)) return
  const origins = await findReplayOrigins(file, replay, ports)
  const document = undeliveredDocument({
    lines: undelivered,
    ...(origins !== undefined && isOf(origins, importState) && { replaced: openReplaced(origins, importState, settled) }),
  })
  const key = { bucket: file.bucket, key: undeliveredKey(file) }
  const found = await ports.documents.find(key)
  if (found !== undefined && JSON.stringify(found.value) === JSON.stringify(document)) return
  // Another run of the same import, or of an earlier replay of a rejected file, may have written it.
  if ((await ports.documents.put(key, document, found?.tag)) !== undefined) return
  if ((await findUndelivered(file, ports)) === undefined) throw new Error(`${key.key} cannot be written.`)
}

/** Closes the lines that were replaced by lines of this file, if all of these are delivered. */
export async function closeReplaced(importState: ImportState, ports: Ports): Promise<void> {
  const { file, undelivered = [], replay } = importState
  const origins = await findReplayOrigins(file, replay, ports)
  if (origins === undefined || !isOf(origins, importState)) return
  const open = new Set(openReplaced(origins, importState).map(nameOf))
  const fixed = replacedLinesOf(origins).filter((line) => !open.has(nameOf(line)))
  // Dead letters of this file can have been closed before its import has ended.
  const late = open.size === 0 ? [] : await replacedLines(file, [...linesIn(undelivered)], ports)
  await closeLines([...fixed.map((line): Closing => ({ ...line, as: 'fixed' })), ...late], ports)
}

/** Whether the origins are those of all lines of the file, and it is known which of these were not delivered. */
function isOf({ lines }: ReplayOrigins, { linesRead, undelivered = [], counts }: ImportState): boolean {
  const { rejected, undeliverable } = counts.lines
  return lines.length === linesRead && isComplete(undelivered, rejected + undeliverable)
}

function replacedLinesOf(origins: ReplayOrigins): readonly Omit<Replaced, 'by'>[] {
  return origins.lines.flatMap((_, index) => replacedBy(origins, index + 1) ?? [])
}

/** @param settled left out: every line */
function openReplaced(origins: ReplayOrigins, { undelivered = [] }: ImportState, settled?: LineRanges): readonly Replaced[] {
  const isUndelivered = contains(undelivered)
  const isSettled = settled === undefined ? () => true : contains(settled)
  const found = new Map<string, Omit<Replaced, 'by'> & { readonly by: number[] }>()
  for (const [index] of origins.lines.entries()) {
    const replaced = isUndelivered(index + 1) || !isSettled(index + 1) ? replacedBy(origins, index + 1) : undefined
    if (replaced === undefined) continue
    const name = nameOf(replaced)
    const entry = found.get(name) ?? { ...replaced, by: [] }
    entry.by.push(index + 1)
    found.set(name, entry)
  }
  return [...found.values()].filter(({ by }) => by.some(isUndelivered)) // no others can be closed
}

function nameOf({ bucket, key, versionId, etag, line }: Omit<Replaced, 'by'>): string {
  return JSON.stringify([bucket, key, versionId, etag, line])
}

function* linesIn(ranges: readonly (readonly [number, number])[]): Generator<number> {
  for (const [first, last] of ranges) for (let line = first; line <= last; line += 1) yield line
}
