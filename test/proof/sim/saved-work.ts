import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import type { Segment } from '../../../lambda/intake/task.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import type { ModelFile } from './model.ts'

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
  readonly segments = new Map<number, SavedSegment>()
  readonly #reportKey: string
  readonly #checkpoints: string

  constructor({ source }: ModelFile) {
    this.#reportKey = reportKey(source)
    this.#checkpoints = checkpointKey(source, 'plan').replace(/plan\.json$/, '')
  }

  /** Which document of the file has this key, a number for the checkpoint of a segment; undefined if it belongs to another file. */
  documentAt(key: string): 'report' | 'plan' | number | undefined {
    if (key === this.#reportKey) return 'report'
    if (!key.startsWith(this.#checkpoints) || key.startsWith('paused', this.#checkpoints.length)) return undefined
    return key.endsWith('/plan.json') ? 'plan' : Number(/(\d+)\.json$/.exec(key)?.[1])
  }
}
