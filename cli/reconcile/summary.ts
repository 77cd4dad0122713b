import type { ComparedEvent } from './comparison.ts'

/** What was sent, and what of it a Kissmetrics data export contains. Programs read it: fields are added, never renamed. */
export interface ReconcileSummary {
  readonly schema: 'kissmetrics-importer/reconciliation/v1'
  readonly export: {
    readonly files: number
    readonly lines: number
    readonly unreadable: number
    /** Revisions that Kissmetrics had not exported yet. */
    readonly waiting: number
    /** The period of the export, in seconds since 1970, if its index names it. */
    readonly first?: number
    readonly last?: number
  }
  /** Files that were sent. */
  readonly files: number
  readonly events: readonly ComparedEvent[]
  /** Lines with a command that is not in the export, and the file that they were written to. */
  readonly missing: { readonly lines: number; readonly output?: string }
  /** Commands that are dated before or after the period of the export. */
  readonly outside: number
  /** Lines that were never delivered, according to the reports. */
  readonly undeliverable: number
}
