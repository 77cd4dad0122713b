import { settledLines } from '../../lambda/settle/counts.ts'
import type { PreviewSummary } from '../preview/summary.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import type { SentFile } from './files.ts'
import type { Pending } from './pending.ts'

/** Asks for what is left, because an interrupted send has sent a part. */
export function questionOf(
  { lines }: Pick<PreviewSummary, 'lines'>,
  host: string,
  pending: readonly Pick<Pending, 'state'>[],
  isHeld: boolean,
): string {
  const left = Math.max(0, lines.valid - validLinesDone(pending))
  const what =
    left === lines.valid ? counted(left, 'line') : `the ${counted(left, 'valid line')} that ${left === 1 ? 'is' : 'are'} left`
  return `Send ${what} to ${host}${isHeld ? ' anyway' : ''}? Imported data cannot be deleted.`
}

/** Lines of these files that an earlier send has delivered, or has found undeliverable. */
function validLinesDone(pending: readonly Pick<Pending, 'state'>[]): number {
  const counts = pending.map(({ state: { checkpoint } }) => checkpoint?.counts.lines)
  return counts.reduce((sum, lines) => sum + (lines === undefined ? 0 : lines.delivered + lines.undeliverable), 0)
}

/** What an earlier send of the file has done. @returns undefined if there was none */
export function continuationText({ file, state }: Pending, summary: Pick<PreviewSummary, 'files'>): string | undefined {
  if (state.isOfChangedFile) return `${file.name} has changed since its send was interrupted. It is sent from the start.`
  if (state.checkpoint === undefined) return undefined
  const { counts } = state.checkpoint
  const { delivered, rejected, undeliverable } = counts.lines
  const left = Math.max(0, linesOf(file, summary) - settledLines(counts))
  const done = `${grouped(delivered)} delivered, ${grouped(rejected + undeliverable)} rejected, ${grouped(left)} left, blank and invalid ones included`
  if (state.watermarkLine === 0)
    return `${file.name} continues an earlier send that was interrupted before its first line was done: ${done}.`
  return `${file.name} continues after line ${grouped(state.watermarkLine)}, where an earlier send was interrupted: ${done}.`
}

/** Lines of the file, as the preview counted them. */
export function linesOf(file: Pick<SentFile, 'path'>, { files }: Pick<PreviewSummary, 'files'>): number {
  return files.find(({ name }) => name === printable(file.path))?.lines ?? 0
}
