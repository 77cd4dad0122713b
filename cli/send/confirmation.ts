import { fitted, listed, quoted, WIDTH, wrapped } from '../terminal/layout.ts'
import type { PreviewSummary } from '../preview/summary.ts'
import { durationRange } from '../preview/text/text.ts'
import { counted, grouped, printable, styled, type Output } from '../terminal/output.ts'

/** Of a name that came from a file, which is made harmless by it. */
const NAME_COLUMNS = 30

/** What sending would do, in short: enough to say yes or no. */
export function confirmationText(summary: PreviewSummary, names: readonly string[], output: Output): string {
  const { lines, commands, identities, aliases, events, time, estimate, refused } = summary
  const title = names.length === 1 ? fitted(names[0] ?? '', WIDTH) : `${grouped(names.length)} files`
  const kinds = (['record', 'set', 'alias'] as const).filter((kind) => commands[kind] > 0)
  const rows = [
    ...refused.map(({ file, detail }) => `${printable(file)} cannot be sent as a whole: ${printable(detail)}`),
    `${counted(lines.valid, 'line')} can be sent${kinds.length === 0 ? '' : `: ${kinds.map((kind) => `${kind} ${grouped(commands[kind])}`).join(', ')}`}.`,
    ...(lines.rejected === 0 ? [] : [`${counted(lines.rejected, 'line')} would come back: ${reasonsOf(summary)}.`]),
    ...(lines.valid === 0
      ? []
      : [
          `About ${counted(identities.count, 'person', 'people')}${time === undefined ? '' : `, from ${day(time.first)} to ${day(time.last)}`}; it takes ${durationRange(estimate)}.`,
        ]),
    ...(aliases.commands === 0 ? [] : [`${counted(aliases.commands, 'alias', 'aliases')}, which cannot be undone.`]),
    ...(events.twins.length === 0
      ? []
      : [
          `Names of events that look as if one was meant: ${listed(
            events.twins.map(
              ({ names: [one = '', other = ''] }) => `${quoted(one, NAME_COLUMNS)} and ${quoted(other, NAME_COLUMNS)}`,
            ),
            WIDTH,
          )}.`,
        ]),
    `More: km-import preview ${names.length === 1 ? (names[0] ?? '') : 'FILE…'}`,
  ]
  return `${[styled(output, 'bold', title), ...rows.flatMap((row) => wrapped(row))].join('\n')}\n\n`
}

const MOST_REASONS = 5

function reasonsOf({ rejectedBy }: PreviewSummary): string {
  const all = Object.entries(rejectedBy).toSorted(([, a], [, b]) => b.count - a.count)
  const some = all.slice(0, MOST_REASONS).map(([reason, { count: lines }]) => `${reason} ${grouped(lines)}`)
  return [...some, ...(all.length > MOST_REASONS ? ['…'] : [])].join(', ')
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
