import type { Entry } from '../../lambda/parse/entry.ts'
import { reject } from '../../lambda/reasons.ts'
import type { Report } from '../../lambda/report/report.ts'
import { readNumberSetting } from '../../lambda/settings/numbers.ts'
import type { Deployment } from './deployment.ts'

/**
 * Returns a function that rejects the lines that the importer has rejected for their length. Commands that read a file again read longer
 * lines than the importer: a person can be named at the end of one.
 *
 * The limit is that of today: if it was changed since the import, lines between the old and the new one get the wrong state.
 */
export function rejectingTooLong(
  { rejectedBy, state }: Report,
  { settings }: Pick<Deployment, 'settings'>,
): (entry: Entry) => Entry {
  const maxLineBytes = readNumberSetting('KM_MAX_LINE_BYTES', settings ?? process.env)
  if (rejectedBy.line_too_long === undefined && state !== 'importing') return (entry) => entry
  return (entry) => {
    const { byteStart, byteEnd } = entry.line
    return byteEnd - byteStart > maxLineBytes ? { kind: 'rejected', line: entry.line, rejection: reject('line_too_long') } : entry
  }
}
