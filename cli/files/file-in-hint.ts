import type { Report } from '../../lambda/report/report.ts'
import { shellWord } from '../terminal/escape.ts'

/**
 * Completes the command in the detail of a rejected file, so that it works when it is pasted.
 *
 * @param file as the command takes it: a path, or `s3://BUCKET/KEY`
 */
export function withFileName(detail: string, file: string): string {
  return detail.replace('km-import fix FILE ', () => `km-import fix ${shellWord(file)} `)
}

/** The same for a report. */
export function reportWithFileName<T extends Pick<Report, 'failure'>>(report: T, file: string): T {
  const { failure } = report
  return failure === undefined ? report : { ...report, failure: { ...failure, detail: withFileName(failure.detail, file) } }
}
