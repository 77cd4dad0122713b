import type { CancelledLines, Report } from '../../lambda/report/report.ts'
import { listed, WIDTH, wrapped } from '../terminal/layout.ts'
import { counted, grouped, printable, type Output } from '../terminal/output.ts'
import { openOriginsRows } from '../status/open-origins.ts'
import { reportRows } from '../status/report-table.ts'

/** What a cancelled import has sent, and what it may have sent. */
export function cancelledText(report: Report, deploymentOptions: string, output: Output): string {
  return `${[...reportRows(report, output), ...cancelledRows(report), ...openOriginsRows(report, deploymentOptions)].join('\n')}\n`
}

/** Which lines a cancelled import has settled; no rows for another import. */
export function cancelledRows({ cancelled }: Pick<Report, 'cancelled'>): readonly string[] {
  if (cancelled === undefined) return []
  const { settled, unsure } = cancelled
  return [
    ...(settled.length === 0 ? wrapped('No line was sent.') : rangeRows('settled', settled)),
    ...(unsure.length === 0
      ? []
      : [
          ...rangeRows('perhaps sent', unsure),
          ...wrapped('The answers to these were lost, or an invocation was killed: at most these lines were delivered as well.'),
        ]),
  ]
}

function rangeRows(label: string, ranges: CancelledLines['settled']): readonly string[] {
  const start = `  ${label.padEnd(15)}lines `
  return [start + listed(ranges.map(rangeText), WIDTH - start.length)]
}

function rangeText([first, last]: readonly [number, number]): string {
  if (last === Number.MAX_SAFE_INTEGER) return `${grouped(first)} to the end`
  return first === last ? grouped(first) : `${grouped(first)} to ${grouped(last)}`
}

/** @param refused lines among them that the endpoint has refused */
export function sentText(
  { count, refused }: { readonly count: number; readonly refused: number },
  file: string,
  deploymentOptions: string,
): string {
  const among =
    refused > 0
      ? ` The endpoint has refused ${grouped(refused)} of them: their dead letters name them (npx km-import rejects list${deploymentOptions}).`
      : ''
  return `${printable(file)} has the ${counted(count, 'line')} that Kissmetrics has accepted.${among}\n`
}
