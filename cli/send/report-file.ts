import * as v from 'valibot'
import { REPORT_SCHEMA, type Report } from '../../lambda/report/report.ts'
import type { SentFile } from './files.ts'
import { readIfValid, writeAtomically } from './atomic-file.ts'
import type { Reports } from '../../lambda/ports.ts'

/** What tells a report from a file of somebody else's, and one file from another. */
const Shape = v.looseObject({
  schema: v.literal(REPORT_SCHEMA),
  state: v.string(),
  file: v.looseObject({ key: v.string(), etag: v.string() }),
})

/** The report of the file as it is now. @returns undefined where it was not sent, or was another file then */
export async function readReport({ reportPath, file }: SentFile): Promise<Report | undefined> {
  const found = await readIfValid(reportPath)
  const parsed = v.safeParse(Shape, found)
  return parsed.success && parsed.output.file.etag === file.etag ? (found as Report) : undefined
}

/** The report beside a file. One run at a time writes it, so each write is the last one. */
export function reportBeside(file: SentFile): Reports {
  return {
    async find() {
      const report = await readReport(file)
      return report && { report, tag: '', writtenAt: new Date() }
    },
    put: (_bucket, _key, report) => writeAtomically(file.reportPath, report),
    replace: async (_bucket, _key, report) => {
      await writeAtomically(file.reportPath, report)
      return ''
    },
  }
}
