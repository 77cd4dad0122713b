import { computed, signal } from '@preact/signals'
import type { Rejection } from '../../../../lambda/reasons.ts'
import type { RejectedRow, Replayed } from '../../api-types.ts'
import { readFix } from '../../../rejects/fix.ts'
import { onOneLine, rejectionOfRow } from '../../../rejects/validate.ts'

/** A line that is being mended. */
export interface DraftLine {
  readonly row: RejectedRow
  readonly text: string
  /** Why the console did not take it, though it looked right here. */
  readonly refusal?: string
}

/** The lines that a person has before them. What they wrote stays here, wherever on the page they go, until it is sent or undone. */
export const drafts = signal<readonly DraftLine[]>([])

export const draftCount = computed(() => drafts.value.length)

/** More than that nobody mends by hand; they are mended all alike. */
export const MAX_DRAFTS = 200

export function isChanged({ row, text }: DraftLine): boolean {
  return text !== row.line
}

/** Only a line whose whole text is there can be mended. */
export function isFixable({ line, isCut }: RejectedRow): boolean {
  return line !== undefined && !isCut
}

export function hasUnsentChanges(): boolean {
  return drafts.value.some(isChanged)
}

/** Puts lines on the desk; lines that were changed and not sent stay there. */
export function lay(rows: readonly RejectedRow[]): void {
  const kept = drafts.value.filter(isChanged)
  const known = new Set(kept.map(({ row }) => row.id))
  const added = rows.flatMap((row) =>
    row.line !== undefined && isFixable(row) && !known.has(row.id) ? [{ row, text: row.line }] : [],
  )
  drafts.value = [...kept, ...added]
}

export function write(id: string, text: string): void {
  drafts.value = drafts.value.map((line) => (line.row.id === id ? { row: line.row, text } : line))
}

export function undo(id: string): void {
  drafts.value = drafts.value.map((line) => (line.row.id === id ? { row: line.row, text: line.row.line ?? '' } : line))
}

export function undoAll(): void {
  drafts.value = drafts.value.map(({ row }) => ({ row, text: row.line ?? '' }))
}

export function takeOff(isMeant: (line: DraftLine) => boolean): void {
  drafts.value = drafts.value.filter((line) => !isMeant(line))
}

/** @param name as after `--fix` @returns how many lines it changed */
export function fixAll(name: string): number {
  const { apply } = readFix(name)
  let changed = 0
  drafts.value = drafts.value.map((line) => {
    const text = apply(line.text)
    if (text === line.text) return line
    changed += 1
    return { row: line.row, text }
  })
  return changed
}

/** After the console has sent lines: they are gone from the desk, and those that it did not take say why. */
export function clearSent(sent: ReadonlySet<string>, { refused }: Replayed): void {
  const refusals = new Map(refused.map(({ id, detail }) => [id, detail]))
  drafts.value = drafts.value.flatMap((line) => {
    const refusal = refusals.get(line.row.id)
    if (refusal !== undefined) return [{ ...line, refusal }]
    return sent.has(line.row.id) ? [] : [line]
  })
}

const verdicts = new WeakMap<DraftLine, { readonly rejection: Rejection | undefined }>()

/** What the importer would say to the line as it is now: its own code, here in the browser. @returns undefined where it can be sent */
export function verdictOf(line: DraftLine): Rejection | undefined {
  const known = verdicts.get(line)
  if (known !== undefined) return known.rejection
  const rejection = rejectionOfRow(onOneLine(line.text), line.row.isPatched)
  verdicts.set(line, { rejection })
  return rejection
}

/** Where in a text that is being written the importer found what is no JSON. @returns undefined where the detail names no place */
export function faultIn(text: string, detail: string): number | undefined {
  const column = /\bcolumn (\d+)/.exec(detail)?.[1]
  return column === undefined ? undefined : placeIn(text, Number(column) - 1)
}

/** From a place in the line as it would be sent to the same place in what is written. */
function placeIn(text: string, place: number): number {
  let at = text.length - text.trimStart().length
  for (let passed = 0; passed < place && at < text.length; passed += 1)
    at += /^[\r\n]+/.exec(text.slice(at, at + 64))?.[0].length ?? 1
  return at
}

/** What was changed in a line, as one piece: what stood there, and what stands there now, with some of what is around it. */
export interface Change {
  readonly start: string
  readonly removed: string
  readonly added: string
  readonly end: string
}

const CONTEXT = 48

export function changeOf(before: string, after: string): Change {
  const shorter = Math.min(before.length, after.length)
  let same = 0
  while (same < shorter && before[same] === after[same]) same += 1
  let sameAtEnd = 0
  while (sameAtEnd < shorter - same && before[before.length - 1 - sameAtEnd] === after[after.length - 1 - sameAtEnd])
    sameAtEnd += 1
  const start = before.slice(0, same)
  const end = sameAtEnd === 0 ? '' : before.slice(-sameAtEnd)
  return {
    start: start.length > CONTEXT ? `…${start.slice(-CONTEXT)}` : start,
    removed: before.slice(same, before.length - sameAtEnd),
    added: after.slice(same, after.length - sameAtEnd),
    end: end.length > CONTEXT ? `${end.slice(0, CONTEXT)}…` : end,
  }
}
