import type { Report } from './report.ts'

export interface FoundReport {
  readonly report: Report
  /** Changes with every write. */
  readonly tag: string
  readonly writtenAt: Date
}

/** The bucket, seen from the report. */
export interface Reports {
  find(bucket: string, key: string): Promise<FoundReport | undefined>
  put(bucket: string, key: string, report: Report): Promise<void>
  /**
   * @param tag of the report that is to be replaced; undefined where there must be none
   * @returns the new tag, or undefined where somebody else has written meanwhile
   */
  replace(bucket: string, key: string, report: Report, tag: string | undefined): Promise<string | undefined>
}
