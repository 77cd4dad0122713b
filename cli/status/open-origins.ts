import { isReplayFile } from '../../lambda/keys.ts'
import type { Report, ReportState } from '../../lambda/report/report.ts'
import { wrapped } from '../terminal/layout.ts'
import { printable, shellWord } from '../terminal/output.ts'

/** States in which a file of fixed lines has not been read to its end, so it is not known which lines are fixed. */
const UNREAD: ReadonlySet<ReportState> = new Set(['cancelled', 'failed', 'superseded', 'gone', 'discarded'])

/**
 * What is said about a file of fixed lines that was not imported to its end; no rows for another file.
 *
 * @param deploymentOptions in local mode there is no command to copy an object
 */
export function openOriginsRows({ file, state }: Report, deploymentOptions = ''): readonly string[] {
  if (!isReplayFile(file.key) || !UNREAD.has(state)) return []
  const rows = wrapped(
    'This is a file of fixed lines. The lines that it was to replace stay open in the reports of their own files, also if some were delivered.',
  )
  if (state === 'superseded' || state === 'gone' || !deploymentOptions.startsWith(' --stack')) return rows
  const address = (key: string) => shellWord(printable(`s3://${file.bucket}/${key}`))
  return [
    ...rows,
    ...wrapped('To import it again, copy it with its metadata:'),
    `  aws s3 cp ${address(file.key)} ${address(file.key.replace(/(\.json)?$/, '-again$1'))}`,
  ]
}
