import { signal } from '@preact/signals'
import type { ImportSummary, Overview } from '../api-types.ts'
import { overview } from './overview.ts'

/** An import that the page started and that the overview may not list yet. */
export interface ExpectedImport {
  /** Lines of the file, if the page counted them before the upload. */
  readonly lines?: number
  /** Earlier imports of the same file name (`importId`), to tell them from the new one. */
  readonly earlier: ReadonlySet<string>
}

/** Uploaded files and sent lines, by the key of their file in the bucket. */
export const expectedImports = signal<ReadonlyMap<string, ExpectedImport>>(new Map())

/** @param earlier imports of the same key, to tell them from the expected one; empty if the key is new */
export function expectImport(key: string, lines: number | undefined, earlier: ReadonlySet<string> = new Set()): void {
  expectedImports.value = new Map([...expectedImports.value, [key, { earlier, ...(lines !== undefined && { lines }) }]])
}

export function stopExpecting(key: string): void {
  expectedImports.value = new Map([...expectedImports.value].filter(([other]) => other !== key))
}

/** The import that belongs to an expected one: the one with its key that did not exist before. */
export function findExpected(
  listed: Pick<Overview, 'imports'> | undefined,
  key: string,
  { earlier }: ExpectedImport,
): ImportSummary | undefined {
  return listed?.imports.find((summary) => summary.report.file.key === key && !earlier.has(importId(summary)))
}

/** All imports that the overview lists now. */
export function currentImports(): ReadonlySet<string> {
  return new Set((overview.value?.imports ?? []).map(importId))
}

/** In a bucket without versions a second upload of the same file overwrites the same report, so the start time is part of the id. */
export function importId({ id, report }: ImportSummary): string {
  return `${id} ${report.startedAt}`
}
