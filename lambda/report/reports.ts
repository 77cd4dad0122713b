import type { Report } from './report.ts'

/** The bucket, seen from the report. */
export interface Reports {
  /** The report that an earlier invocation left, if there is one. */
  find(bucket: string, key: string): Promise<Report | undefined>
  put(bucket: string, key: string, report: Report): Promise<void>
}
