import { CountedOnce } from '../parse/counted-once.ts'
import { toEntries, type Entry } from '../parse/entry.ts'
import type { LineRules } from '../parse/line.ts'
import { admit } from '../parse/sniff.ts'
import type { OpenFile } from '../ports.ts'
import { openLines, UnreadableFile, type Line } from '../read/lines.ts'
import type { Rejection } from '../reasons.ts'
import type { Rule } from '../rules/rule.ts'
import type { Watermark } from '../settle/ledger.ts'
import { readOptions } from './read-options.ts'
import type { Settlement } from './settlement.ts'

export interface PipelineContext {
  readonly maxLineBytes: number
  readonly rules: LineRules
  readonly apiKey: string
  readonly settlement: Settlement
  /** Whether the file is known to be JSON lines: an earlier run has settled some, or the file was split. */
  readonly isAdmitted: boolean
  /** The import rules of the file: how its lines are read. */
  readonly importRules?: readonly Rule[] | undefined
  /** Called with everything that is read of the file. */
  readonly onBytes?: (chunk: Buffer) => void
}

export interface PipelineResult {
  /** Lines that were read. How they ended is counted elsewhere. */
  readonly lines: number
  /** Why the file is rejected as a whole. */
  readonly refusal?: Rejection
}

/**
 * The pipeline: everything that happens to a line. It reads the body of an S3 object; each line ends delivered, dead-lettered or blank.
 *
 * Each step takes from the one before it only when there is room, so a slow endpoint slows down the S3 socket, and memory does not
 * depend on the size of the file.
 *
 * @param start position of the first line in the body
 * @throws OutageError, SetupError, LeaseLost, OutOfTime, or the error of S3 or SQS
 */
export async function runPipeline(opened: OpenFile, start: Watermark, context: PipelineContext): Promise<PipelineResult> {
  const { maxLineBytes, rules, apiKey, settlement, isAdmitted, importRules, onBytes } = context
  const settled = settlement.ledger.watermark.line
  const settle = (entry: Entry): void => {
    settlement.settle(entry)
  }
  let lines = 0
  let unreadable: Rejection | undefined

  // Decompresses the file, cuts the bytes into lines and numbers them; marks lines that are too long or not UTF-8.
  // Makes lines of the rows of a CSV file.
  const position = { byteStart: start.byte, firstLine: start.line + 1, settledLines: settled, onBytes }
  const reading = await openLines(opened.body, { maxLineBytes, ...position, ...readOptions(opened, importRules) })
  const batches = untilUnreadable(reading.batches, (error) => {
    unreadable = error.rejection
  })
  // Parses each line into its requests, or into a rejection; marks those that Kissmetrics counts as one with an earlier line.
  const countedOnce = new CountedOnce()
  const entries = mapped(batches, (batch) => toEntries(linesAfter(settled, batch), rules, apiKey, countedOnce))
  // Buffers the first lines until it is clear that this is a file of JSON lines.
  for await (const admission of admit(entries, { ...reading, isAdmitted })) {
    if (admission.kind === 'refused') return { lines, refusal: admission.rejection }
    // Sends the requests, and a dead letter for each line that cannot be delivered; saves checkpoints.
    lines += await settlement.backPressure.passAll(admission.entries, settle)
  }
  return { lines, ...(unreadable !== undefined && { refusal: unreadable }) }
}

/** Ends where the file can be read no further, so that the lines before that point are settled. */
async function* untilUnreadable<T>(batches: AsyncIterable<T>, onUnreadable: (error: UnreadableFile) => void): AsyncGenerator<T> {
  try {
    yield* batches
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    onUnreadable(error)
  }
}

async function* mapped<T, U>(batches: AsyncIterable<T>, map: (batch: T) => U): AsyncGenerator<U> {
  for await (const batch of batches) yield map(batch)
}

/** A compressed file is read from its start again, even if its first lines are settled. */
function linesAfter(settled: number, batch: readonly Line[]): readonly Line[] {
  const first = batch[0]?.number ?? 0
  return first > settled ? batch : batch.slice(settled + 1 - first)
}
