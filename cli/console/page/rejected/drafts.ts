import { computed, signal } from '@preact/signals'
import type { RejectedRow, ReplayResult } from '../../api-types.ts'
import { readFix } from '../../../../lambda/rules/fix.ts'

/** A rejected line that the user is fixing. */
export interface DraftLine {
  readonly row: RejectedRow
  readonly text: string
  /** Why the console refused to send it, although it was valid in the browser. */
  readonly refusal?: string
}

/** The lines in the fix view. Edits survive a change of the view, until they are sent or undone. */
export const drafts = signal<readonly DraftLine[]>([])

export const draftCount = computed(() => drafts.value.length)

/** The most lines to edit by hand. More lines are fixed all the same way. */
export const MAX_DRAFTS = 200

export function isChanged({ row, text }: DraftLine): boolean {
  return text !== row.line
}

/** A line can be fixed only if all of it is stored. */
export function isFixable({ line, isTruncated }: RejectedRow): boolean {
  return line !== undefined && !isTruncated
}

export function hasUnsentChanges(): boolean {
  return drafts.value.some(isChanged)
}

/** Replaces the unchanged drafts with these lines; changed drafts stay. */
export function addDrafts(rows: readonly RejectedRow[]): void {
  const kept = drafts.value.filter(isChanged)
  const keptIds = new Set(kept.map(({ row }) => row.id))
  const added = rows.flatMap((row) =>
    row.line !== undefined && isFixable(row) && !keptIds.has(row.id) ? [{ row, text: row.line }] : [],
  )
  drafts.value = [...kept, ...added]
}

export function editDraft(id: string, text: string): void {
  drafts.value = drafts.value.map((line) => (line.row.id === id ? { row: line.row, text } : line))
}

export function undoChanges(id: string): void {
  drafts.value = drafts.value.map((line) => (line.row.id === id ? original(line) : line))
}

export function undoAllChanges(): void {
  drafts.value = drafts.value.map(original)
}

export function removeDraft(id: string): void {
  drafts.value = drafts.value.filter((line) => line.row.id !== id)
}

/** @param names as after `--fix` @returns how many lines they changed */
export function fixAllDrafts(names: readonly string[]): number {
  const fixes = names.map(readFix)
  let changed = 0
  drafts.value = drafts.value.map((line) => {
    const text = fixes.reduce((current, { apply }) => apply(current), line.text)
    if (text === line.text) return line
    changed += 1
    return { row: line.row, text }
  })
  return changed
}

/** Removes the lines that were sent. A line that the console refused stays, with the reason. */
export function removeSent(sent: ReadonlySet<string>, { refused }: ReplayResult): void {
  const refusals = new Map(refused.map(({ id, detail }) => [id, detail]))
  drafts.value = drafts.value.flatMap((line) => {
    const refusal = refusals.get(line.row.id)
    if (refusal !== undefined) return [{ ...line, refusal }]
    return sent.has(line.row.id) ? [] : [line]
  })
}

function original({ row }: DraftLine): DraftLine {
  return { row, text: row.line ?? '' }
}
