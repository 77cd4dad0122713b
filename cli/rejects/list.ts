import { REASONS } from '../../lambda/reasons.ts'
import { fitted, listed, padded, WIDTH, wrapped } from '../terminal/layout.ts'
import { csv } from '../terminal/csv.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { findDeployment, keptSeconds, type DeploymentFlags } from '../deployment/deployment.ts'
import { grouped, printable, styled, type Output } from '../terminal/output.ts'
import { collect } from './collect.ts'
import { OTHER_REASONS } from './content.ts'
import { filterOf, type FilterFlags } from './filter.ts'
import { NEAR_MS, Summary, type Group } from './summary.ts'

export interface ListFlags extends DeploymentFlags, Omit<FilterFlags, 'archived'> {
  readonly json: boolean
  readonly csv: boolean
}

/** What waits, by reason, drop and day. The queue is as before when it returns, also after Ctrl-C. */
export async function list(flags: ListFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const isMeant = filterOf({ ...flags, archived: true })
  const deployment = await findDeployment(flags)
  const keptMs = (await keptSeconds(deployment)) * 1000
  const summary = new Summary(new Date(Date.now() - keptMs + NEAR_MS))
  await using held = await collect(
    deployment,
    (reject) => {
      if (isMeant(reject)) summary.add(reject)
      return false
    },
    interruption.signal,
  )
  if (interruption.happened) return EXIT.interrupted
  const groups = summary.groups()
  const { total, nearTheirEnd, oldestWaiting } = summary
  if (flags.json) {
    const oldest = oldestWaiting?.toISOString()
    const document = {
      schema: 'kissmetrics-importer/rejects/v1',
      total,
      nearTheirEnd,
      ...(oldest !== undefined && { oldest }),
      isWhole: held.isWhole,
      groups,
    }
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  } else if (flags.csv) {
    process.stdout.write(csvOf(groups))
  } else {
    process.stdout.write(listText(groups, process.stdout))
  }
  process.stderr.write(sumOf(summary, keptMs, held.isWhole))
  return EXIT.ok
}

function csvOf(groups: readonly Group[]): string {
  return csv(
    ['reason', 'drop', 'day', 'letters', 'parked', 'set aside', 'oldest', 'lines', 'example'],
    groups.map(({ reason, key, day, count, archived, quarantined, oldest, lines, example = '' }) => [
      ...[reason, key, day, count, archived, quarantined, oldest, lines.join(' '), printable(example)],
    ]),
  )
}

/** For a person, on 80 columns. */
export function listText(groups: readonly Group[], output: Output): string {
  const rows: string[] = []
  for (const reason of new Set(groups.map((group) => group.reason))) {
    const same = groups.filter((group) => group.reason === reason)
    const { means, fix } = { ...REASONS, ...OTHER_REASONS }[reason]
    const count = same.reduce((sum, group) => sum + group.count, 0)
    rows.push(`${styled(output, 'bold', padded(reason, 28))}${grouped(count).padStart(7)}`, ...wrapped(`${means}. ${fix}`))
    for (const group of same) rows.push(...rowsOf(group))
    rows.push('')
  }
  return rows.length === 0 ? '' : `${rows.join('\n')}\n`
}

function rowsOf({ key, day, count, lines, archived, quarantined, example }: Group): readonly string[] {
  const notes = [
    ...(quarantined > 0 ? [`${grouped(quarantined)} set aside`] : []),
    ...(archived > 0 ? [`${grouped(archived)} parked`] : []),
    ...(lines.length === 0
      ? []
      : [`${lines.length === 1 ? 'line' : 'lines'} ${listed(lines.map(String), 40, lines.length === count)}`]),
  ].join('; ')
  return [
    `    ${fitted(key === '' ? '(no drop)' : key, WIDTH - 4)}`,
    `      ${day}  ${grouped(count).padStart(9)}  ${notes}`.trimEnd(),
    ...(example === undefined ? [] : [`      ${fitted(example, WIDTH - 6)}`]),
  ]
}

function sumOf({ total, nearTheirEnd, oldestWaiting }: Summary, keptMs: number, isWhole: boolean): string {
  if (total === 0) return 'No dead letters.\n'
  const age =
    oldestWaiting === undefined
      ? ''
      : `, the oldest in the queue for ${ageOf(Date.now() - oldestWaiting.getTime())} of ${ageOf(keptMs)}`
  const rows = [`${grouped(total)} dead ${total === 1 ? 'letter' : 'letters'}${age}.`]
  if (nearTheirEnd > 0)
    rows.push(
      `${styled(process.stderr, 'yellow', 'warning:')} the queue forgets ${grouped(nearTheirEnd)} of them within four days. Keep them with: km-import rejects archive`,
    )
  if (!isWhole) rows.push('There are more than SQS shows at a time: these are the first.')
  rows.push('Next: km-import rejects pull -o rejects.jsonl')
  return `${rows.join('\n')}\n`
}

function ageOf(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  return hours >= 1 ? `${hours} ${hours === 1 ? 'hour' : 'hours'}` : `${Math.floor(ms / 60_000)} minutes`
}
