import type { SourceFile } from '../intake/source-file.ts'
import { reportKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { isFinal } from '../report/report.ts'
import { PROGRESS_MS } from '../report/writer.ts'
import { mergeReports } from './finish.ts'

/** A merge reads one checkpoint for each segment. The more there are, the rarer are the merges. */
const MS_PER_SEGMENT = 100

/**
 * Keeps the progress report of a split file up to date while one of its segments is imported. All runs share the work: each merges only if no
 * other has done so recently.
 */
export class MergedProgress {
  readonly #file: SourceFile
  readonly #ports: Ports
  #lookedAt = -Infinity
  #merging: Promise<void> | undefined

  constructor(file: SourceFile, ports: Ports) {
    this.#file = file
    this.#ports = ports
  }

  /** Merges in the background. Nothing depends on it, so errors are ignored. */
  update(): void {
    const now = this.#ports.clock.now()
    if (this.#merging !== undefined || now - this.#lookedAt < PROGRESS_MS) return
    this.#lookedAt = now
    this.#merging = this.#mergeIfOutdated()
      .catch(() => undefined)
      .finally(() => {
        this.#merging = undefined
      })
  }

  /** Waits for a merge in the background. */
  async idle(): Promise<void> {
    await this.#merging
  }

  async #mergeIfOutdated(): Promise<void> {
    const found = await this.#ports.reports.find(this.#file.bucket, reportKey(this.#file))
    if (found !== undefined) {
      const { report, writtenAt } = found
      const everyMs = Math.max(PROGRESS_MS, (report.segments?.length ?? 0) * MS_PER_SEGMENT)
      if (isFinal(report) || this.#ports.clock.now() - writtenAt.getTime() < everyMs) return
    }
    await mergeReports(this.#file, this.#ports)
  }
}
