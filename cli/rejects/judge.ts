import { examine } from '../../lambda/examine.ts'
import { latestTimeFor } from '../../lambda/parse/line.ts'
import { reject, type Rejection } from '../../lambda/reasons.ts'

/** As long as every key of Kissmetrics: it is part of each request, whose length is bounded. */
const SOME_KEY = '0'.repeat(40)

/** The importer's own answer to a line that would be dropped now. @returns undefined where it can be sent */
export function rejectionOf(text: string): Rejection | undefined {
  const line = { number: 1, byteStart: 0, byteEnd: Buffer.byteLength(text), text }
  const entry = examine(line, { latestTime: latestTimeFor(new Date()) }, SOME_KEY)
  if (entry.kind === 'rejected') return entry.rejection
  return entry.kind === 'blank' ? reject('nothing_to_import', 'the line is empty') : undefined
}

/** The same for a row; what could not be read of a line must be written by the person who mends it. */
export function rejectionOfRow(line: string, isPatched: boolean): Rejection | undefined {
  if (isPatched && line.includes('\ufffd')) return reject('invalid_encoding', 'write what is meant for each \ufffd')
  return rejectionOf(line)
}
