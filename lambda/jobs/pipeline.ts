import { toEntries, type Entry } from '../parse/entry.ts'
import { FormatSniffer, type SniffResult } from '../parse/sniff.ts'
import { diagnoseBytes } from '../parse/diagnose.ts'
import type { LineRules } from '../parse/line.ts'
import type { Line, Reading } from '../read/lines.ts'
import { UnreadableFile } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'
import type { Settlement } from './settlement.ts'

/** What stands along the street: where lines go, and what they are measured by. */
export interface PipelineContext {
  readonly rules: LineRules
  readonly apiKey: string
  readonly settlement: Settlement
  /** All lines up to this one were settled before. */
  readonly settled: number
  /** Whether it is known that the drop is a JSON-lines file. */
  readonly isAdmitted: boolean
}

export interface PipelineResult {
  /** Lines that were read, counted apart from how they ended. */
  readonly lines: number
  /** Why the drop as a whole has to be handed back, where it has to. */
  readonly refusal?: Rejection
}

/**
 * The street. What was read of a drop goes in at the top, its lines come out on their way to their ends, and nothing turns back.
 *
 * Each step takes from the one before it only when there is room, so a slow endpoint slows the S3 socket down, and memory does not
 * depend on the size of the drop.
 *
 * @throws OutageError, SetupError, LostClaim, TimeIsUp, or what S3 or SQS said
 */
export async function runPipeline(reading: Reading, context: PipelineContext): Promise<PipelineResult> {
  const sniffer = new FormatSniffer(context.isAdmitted)
  let lines = 0
  const pass = async (sniffed: SniffResult): Promise<Rejection | undefined> => {
    if (sniffed.kind === 'refused') return sniffed.rejection
    if (sniffed.kind === 'admitted') lines += await settleAll(sniffed.entries, context)
    return undefined
  }
  const unsupported = context.isAdmitted ? undefined : diagnoseBytes(reading.start)
  if (unsupported !== undefined) return { lines, refusal: unsupported }
  let failure: Rejection | undefined
  try {
    for await (const batch of reading.batches) {
      const refusal = await pass(sniffer.admit(toEntries(ahead(batch, context.settled), context.rules, context.apiKey)))
      if (refusal !== undefined) return { lines, refusal }
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    failure = reject('object_unreadable', error.message)
  }
  const refusal = (await pass(sniffer.end())) ?? failure
  return { lines, ...(refusal !== undefined && { refusal }) }
}

/** A compressed drop is read from its start again, also where its first lines were settled before. */
function ahead(batch: readonly Line[], settled: number): readonly Line[] {
  const first = batch[0]?.number ?? 0
  return first > settled ? batch : batch.slice(settled + 1 - first)
}

async function settleAll(entries: Iterable<Entry>, { settlement }: PipelineContext): Promise<number> {
  const { backPressure } = settlement
  let lines = 0
  for (const entry of entries) {
    if (!backPressure.hasRoom) await backPressure.room()
    lines += 1
    settlement.settle(entry)
  }
  return lines
}
