import { median } from '../measure.ts'
import { FAULT_SCENARIOS, type Comparison, type Row } from './compare.ts'
import { CONTENDERS, OURS } from './contenders.ts'
import { MAX_MS } from './run-program.ts'
import type { Trial } from './trial.ts'

type Figure = (trial: Trial) => number

const rate: Figure = ({ figures }) => (figures === undefined ? NaN : figures.lines / figures.seconds)
const cpu: Figure = ({ figures }) => (figures === undefined ? NaN : figures.cpuMicros / figures.lines)
const memory: Figure = ({ figures }) => (figures === undefined ? NaN : figures.peakRssBytes / 1_000_000)

const HEADINGS = { busy: '429', error: '500', reset: 'reset', killed: 'killed', 'bad lines': 'bad lines' } as const

/** The comparison as Markdown: what each importer costs, and what it loses. */
export function asMarkdown(comparison: Comparison): string {
  const { rows } = comparison
  const ours = rows.find(({ name }) => name === OURS)
  const costs = rows.map((row) => [titleOf(row), ...costsOf(row, ours)])
  const losses = rows.map((row) => [titleOf(row), ...FAULT_SCENARIOS.map((scenario) => lossOf(row, scenario))])
  const costTitles = ['importer', 'lines/s', 'CPU µs per line', 'peak RSS, MB', 'lines/s ÷ ours', 'CPU ÷ ours']
  return [
    `Medians of ${comparison.rounds} rounds, ${grouped(comparison.lines)} lines, at most ${comparison.inFlight} requests at a time:`,
    markdownTable(costTitles, costs),
    `Lost and repeated lines of ${grouped(comparison.faultLines)}, and what happened to the bad ones:`,
    markdownTable(['importer', ...FAULT_SCENARIOS.map((scenario) => HEADINGS[scenario])], losses),
  ].join('\n\n')
}

function titleOf({ name }: Row): string {
  return CONTENDERS[name].title
}

function costsOf({ trials, missing }: Row, ours: Row | undefined): readonly string[] {
  const { clean } = trials
  if (missing !== undefined) return [missing, '', '', '', '']
  const [bad] = clean.filter(({ figures }) => figures === undefined)
  if (bad !== undefined) return [`did not end well: ${endingOf(bad)}`, '', '', '', '']
  const ratio = (figure: Figure): string => {
    const pairs = clean.flatMap((trial, round) => {
      const base = ours?.trials.clean[round]
      return base === undefined ? [] : [figure(trial) / figure(base)]
    })
    return pairs.length === 0 ? '' : median(pairs).toFixed(2)
  }
  const middle = (figure: Figure): string => grouped(median(clean.map(figure)))
  return [middle(rate), middle(cpu), middle(memory), ratio(rate), ratio(cpu)]
}

function lossOf({ trials, missing }: Row, scenario: (typeof FAULT_SCENARIOS)[number]): string {
  if (missing !== undefined) return ''
  const runs = trials[scenario]
  if (runs.length === 0) return ''
  // The second request is the first that fails.
  if (scenario !== 'killed' && scenario !== 'bad lines' && runs.every(({ requests }) => requests < 2))
    return 'no failure met: 1 request'
  const middle = (figure: Figure): number => median(runs.map(figure))
  const parts = [`${grouped(middle(({ lost }) => lost))} lost`, `${grouped(middle(({ repeated }) => repeated))} repeated`]
  if (scenario === 'bad lines') {
    parts.push(`${grouped(middle(({ badAccepted }) => badAccepted))} bad ones sent`)
    parts.push(`${grouped(middle(({ figures }) => figures?.rejected ?? 0))} reported`)
  }
  const notes = new Set(runs.filter(({ ending }) => ending !== 'done').map(endingOf))
  return [parts.join(', '), ...notes].join('; ')
}

function endingOf({ ending, starts }: Trial): string {
  return ending === 'too slow' ? `stopped after ${MAX_MS / 1000} s` : `gave up after ${starts} starts`
}

function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(titles), line(titles.map((_title, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
