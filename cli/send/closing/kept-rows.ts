import * as v from 'valibot'
import type { LineRanges } from '../../../lambda/common/line-ranges.ts'
import { refuseNewer } from '../../../lambda/common/schema.ts'
import { Ranges } from '../../../lambda/settle/closed-lines.ts'
import { readIfValid, writeAtomically } from '../atomic-file.ts'
import { isSameSend, SendId, type RejectingSend } from './rejecting-send.ts'

const KEPT_ROWS_SCHEMA = 'kissmetrics-importer/kept-rows/v1'

const KeptRowsBody = v.looseObject({ schema: v.literal(KEPT_ROWS_SCHEMA), file: SendId, lines: Ranges })

/** Of one send, the lines that had a row in the file of its rejected lines when that was last sent: a person has deleted the others. */
export interface KeptRows {
  readonly send: RejectingSend
  readonly lines: LineRanges
}

/** @returns undefined if no row was deleted, as far as is known @throws NewerVersionError */
export async function readKeptRows({ path, id }: Pick<RejectingSend, 'path' | 'id'>): Promise<LineRanges | undefined> {
  const found = await readIfValid(pathOf(path))
  refuseNewer(found, KEPT_ROWS_SCHEMA, pathOf(path))
  const parsed = v.safeParse(KeptRowsBody, found)
  return parsed.success && isSameSend(parsed.output.file, id) ? parsed.output.lines : undefined
}

export async function writeKeptRows({ send: { path, id }, lines }: KeptRows): Promise<void> {
  await writeAtomically(pathOf(path), { schema: KEPT_ROWS_SCHEMA, file: id, lines })
}

function pathOf(file: string): string {
  return `${file}.kept-rows.json`
}
