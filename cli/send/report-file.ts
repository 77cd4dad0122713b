import * as v from 'valibot'
import type { Reports } from '../../lambda/ports.ts'
import { REPORT_SCHEMA, type Report } from '../../lambda/report/report.ts'
import { refuseNewer } from '../../lambda/schema.ts'
import { readIfValid, writeAtomically } from './atomic-file.ts'
import type { SentFile } from './files.ts'

/** Enough to recognise a report, and the file that it is about. */
const ReportShape = v.looseObject({
  schema: v.literal(REPORT_SCHEMA),
  state: v.string(),
  file: v.looseObject({ key: v.string(), etag: v.string() }),
})

/** @returns the report of the file as it is now; undefined if the file was not sent, or has changed since @throws NewerVersionError */
export async function readReport({ reportPath, source }: SentFile): Promise<Report | undefined> {
  const found = await readIfValid(reportPath)
  refuseNewer(found, REPORT_SCHEMA, reportPath)
  const parsed = v.safeParse(ReportShape, found)
  return parsed.success && parsed.output.file.etag === source.etag ? (found as Report) : undefined
}

/** The report, kept beside the file. Only the lease holder writes it, so no write needs a condition. */
export function reportFile(file: SentFile): Reports {
  return {
    async find() {
      const report = await readReport(file)
      return report && { report, tag: '', writtenAt: new Date() }
    },
    replace: async (_bucket, _key, report) => {
      await writeAtomically(file.reportPath, report)
      return ''
    },
  }
}
