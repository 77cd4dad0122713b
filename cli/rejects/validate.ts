import { toEntry } from '../../lambda/parse/entry.ts'
import { latestTimeFor } from '../../lambda/parse/line.ts'
import { reject, type Rejection } from '../../lambda/reasons.ts'
import { EMULATOR_KEY } from '../../emulators/kissmetrics/key.ts'

/** The importer's own answer to a line that would be dropped now: here, and on the page while a person types. @returns undefined where it can be sent */
export function rejectionOf(text: string): Rejection | undefined {
  const entry = toEntry({ number: 1, byteStart: 0, byteEnd: 0, text }, { latestTime: latestTimeFor(new Date()) }, EMULATOR_KEY)
  if (entry.kind === 'rejected') return entry.rejection
  return entry.kind === 'blank' ? reject('nothing_to_import', 'the line is empty') : undefined
}

/** The same for a row; what could not be read of a line must be written by the person who mends it. */
export function rejectionOfRow(line: string, isPatched: boolean): Rejection | undefined {
  if (isPatched && line.includes('\ufffd')) return reject('invalid_encoding', 'write what is meant for each \ufffd')
  return rejectionOf(line)
}

/** Between the parts of an object a line end is as good as a space; elsewhere JSON has none. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').trim()
}
