import type { Readable } from 'node:stream'
import type { FoundCsv } from '../../lambda/csv/layout.ts'
import type { ColumnMapping } from '../../lambda/csv/columns.ts'
import type { LineRules } from '../../lambda/parse/line.ts'
import { csvBatches, findCsvIn } from '../../lambda/read/csv-lines.ts'
import { UnreadableFile } from '../../lambda/read/lines.ts'
import type { Rejection } from '../../lambda/reasons.ts'
import { classifyLine } from '../../lambda/parse/classify-line.ts'
import type { Survey } from './survey/survey.ts'
import type { UnpackOptions } from '../../lambda/read/open-unpacked.ts'
import { unpacked } from './unpacked.ts'

/** The content of a file, decompressed. */
interface Content<Found> {
  readonly bytes: AsyncIterable<Buffer>
  readonly found: Found
}

/** Opens a file, and looks whether it is a CSV file. */
export async function openContent(
  source: UnpackOptions & { readonly body: Readable },
  columns: ColumnMapping | undefined,
): Promise<Content<FoundCsv | undefined>> {
  const { found, all } = await findCsvIn(unpacked(source.body, source), columns)
  return { bytes: all, found }
}

/** Adds the rows of a CSV file to the survey. @returns why the file is rejected, as a whole or from some row on */
export async function surveyCsv(
  { body, rules }: { readonly body: Readable; readonly rules: LineRules },
  { found, bytes }: Content<FoundCsv>,
  survey: Survey,
  { maxLineBytes, onLines }: { readonly maxLineBytes: number; readonly onLines?: (lines: number) => void },
): Promise<Rejection | undefined> {
  if (found.kind === 'refused') return found.rejection
  const options = { maxLineBytes, fileTime: rules.latestTime - SECONDS_A_DAY }
  try {
    for await (const batch of csvBatches(body, bytes, found.layout, options)) {
      for (const line of batch) survey.add(classifyLine(line, rules))
      onLines?.(batch.length)
    }
    return undefined
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    return error.rejection
  }
}

/** The latest valid time is a day after the file was written. */
const SECONDS_A_DAY = 86_400
