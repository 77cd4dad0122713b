import * as v from 'valibot'
import { reportKey } from '../../lambda/keys.ts'
import type { Reports } from '../../lambda/ports.ts'
import { REPORT_SCHEMA, type Report } from '../../lambda/report/report.ts'
import { refuseNewer } from '../../lambda/common/schema.ts'
import { readIfValid, writeAtomically } from './atomic-file.ts'
import type { SentFile } from './files.ts'

/** Enough to recognise a report, and the file that it is about. */
const ReportShape = v.looseObject({
  schema: v.literal(REPORT_SCHEMA),
  state: v.string(),
  file: v.looseObject({ key: v.string(), etag: v.string() }),
})

/** @returns the report at a path, whichever version of its file it is about @throws NewerVersionError */
export async function readReportAt(reportPath: string): Promise<Report | undefined> {
  const found = await readIfValid(reportPath)
  refuseNewer(found, REPORT_SCHEMA, reportPath)
  return v.is(ReportShape, found) ? (found as unknown as Report) : undefined
}

/** @returns the report of the file as it is now; undefined if the file was not sent, or has changed since @throws NewerVersionError */
export async function readReport({ reportPath, source }: SentFile): Promise<Report | undefined> {
  const report = await readReportAt(reportPath)
  return report?.file.etag === source.etag ? report : undefined
}

/** The report, kept beside the file. Only the lease holder writes it, so no write needs a condition. */
export function reportFile(file: SentFile): Reports {
  return {
    async find(_bucket, key) {
      // The report of the file that these lines were rejected from is written at the end of the send.
      const report = key === reportKey(file.source) ? await readReport(file) : undefined
      return report && { report, tag: '', writtenAt: new Date() }
    },
    replace: async (_bucket, _key, report) => {
      await writeAtomically(file.reportPath, report)
      return ''
    },
  }
}
