import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import type { Decision } from '../../../lambda/jobs/safety.ts'
import type { Segment } from '../../../lambda/intake/task.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import type { ModelFile } from './model.ts'

type DocumentKind = 'report' | 'plan' | 'safety' | 'survey' | 'checkpoint'

export interface SavedSegment {
  readonly doneLines: number
  readonly isDone: boolean
}

/**
 * What the report, the split plan and the checkpoints of a file say. Nearly every step is checked against them, so the checks note them
 * here as they are written, and parse none.
 */
export class SavedWork {
  report: ReportState | undefined
  plan: readonly Segment[] | undefined
  /** Whether the segments are surveyed before the first is imported. */
  isSurveyed = false
  decision: Decision | undefined
  /** The reasons whose lines share a dead letter. */
  grouped: ReadonlySet<string> = new Set()
  /** The segment whose run has decided. */
  decidedBy: number | undefined
  /** The segments whose survey is stored. */
  readonly surveyed = new Set<number>()
  readonly segments = new Map<number, SavedSegment>()
  readonly #reportKey: string
  readonly #checkpoints: string

  constructor({ source }: ModelFile) {
    this.#reportKey = reportKey(source)
    this.#checkpoints = checkpointKey(source, 'plan').replace(/plan\.json$/, '')
  }

  /**
   * Which document of the file has this key, and of which segment; undefined if it belongs to another file. The survey of the whole file is
   * that of segment 0.
   */
  documentAt(key: string): { readonly kind: DocumentKind; readonly index: number } | undefined {
    if (key === this.#reportKey) return { kind: 'report', index: 0 }
    if (!key.startsWith(this.#checkpoints) || /^(?:paused|groups)/.test(key.slice(this.#checkpoints.length))) return undefined
    const [, name = '', number = 0] = /^(plan|safety|survey)?-?(\d+)?\.json$/.exec(key.slice(this.#checkpoints.length)) ?? []
    return { kind: name === '' ? 'checkpoint' : (name as DocumentKind), index: Number(number) }
  }
}
