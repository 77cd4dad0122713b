import type { SourceFile } from '../intake/source-file.ts'
import { reportKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { isFinal, STALE_MS } from '../report/report.ts'
import { PROGRESS_MS } from '../report/writer.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import { mergeReports } from './finish.ts'

/** A merge reads one checkpoint for each segment. The more there are, the rarer are the merges. */
const MS_PER_SEGMENT = 100

/** How often a run merges that makes no progress, for example in an outage: the import must not look stale. */
const KEEP_ALIVE_MS = STALE_MS / 3

/**
 * Keeps the progress report of a split file up to date while one of its segments is imported. All runs share the work: each merges only if no
 * other has done so recently.
 */
export class MergedProgress {
  readonly #file: SourceFile
  readonly #ports: Ports
  #lookedAt = -Infinity
  #line: number | undefined
  #merging: Promise<void> | undefined

  constructor(file: SourceFile, ports: Ports) {
    this.#file = file
    this.#ports = ports
  }

  /** Merges in the background. Nothing depends on it, so errors are ignored. */
  update({ watermark }: Pick<Checkpoint, 'watermark'>): void {
    const now = this.#ports.clock.now()
    const hasProgress = this.#line !== undefined && this.#line !== watermark.line
    if (this.#merging !== undefined || now - this.#lookedAt < (hasProgress ? PROGRESS_MS : KEEP_ALIVE_MS)) return
    this.#lookedAt = now
    this.#line = watermark.line
    this.#merging = this.#mergeIfOutdated(hasProgress)
      .catch(() => undefined)
      .finally(() => {
        this.#merging = undefined
      })
  }

  /** Waits for a merge in the background. */
  async idle(): Promise<void> {
    await this.#merging
  }

  async #mergeIfOutdated(hasProgress: boolean): Promise<void> {
    const found = await this.#ports.reports.find(this.#file.bucket, reportKey(this.#file))
    if (found !== undefined) {
      const { report, writtenAt } = found
      const everyMs = hasProgress ? Math.max(PROGRESS_MS, (report.segments?.length ?? 0) * MS_PER_SEGMENT) : KEEP_ALIVE_MS
      if (isFinal(report) || this.#ports.clock.now() - writtenAt.getTime() < everyMs) return
    }
    await mergeReports(this.#file, this.#ports)
  }
}
