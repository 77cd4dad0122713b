import { setTimeout as delay } from 'node:timers/promises'
import { reportsIn } from '../lambda/adapters/s3.ts'
import { SetupError } from '../lambda/errors.ts'
import { REPORTS_PREFIX } from '../lambda/places.ts'
import type { Report } from '../lambda/report/report.ts'
import { csv } from './csv.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { Interruption } from './interruption.ts'
import { listObjects } from './listing.ts'
import { findPlace, type Place, type PlaceFlags } from './place.ts'
import { countMessages } from './queues.ts'
import { asRow, reportText, statusText, type Waiting } from './status-text.ts'
import { printable } from './terminal.ts'

export interface StatusFlags extends PlaceFlags {
  readonly watch: boolean
  readonly json: boolean
  readonly csv: boolean
  readonly all: boolean
}

const REFRESH_MS = 2_000
/** As many drops as fit on a screen; the newest. */
const USUAL_DROPS = 20
const READS_AT_ONCE = 16

/** What became of the drops, the newest last; or of one of them, in full. */
export async function status(key: string | undefined, flags: StatusFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const place = await findPlace(flags)
  const show = key === undefined ? () => showAll(place, flags) : () => showOne(place, key, flags)
  let text = await show()
  process.stdout.write(text)
  while (flags.watch) {
    await delay(REFRESH_MS, undefined, { signal: interruption.signal }).catch(() => undefined)
    if (interruption.happened) return EXIT.ok
    const next = await show()
    if (next === text) continue
    // A terminal is written over; whoever reads a pipe gets one state after the other.
    process.stdout.write(process.stdout.isTTY ? `\u001b[H\u001b[2J${next}` : next)
    text = next
  }
  return EXIT.ok
}

async function showAll(place: Place, flags: StatusFlags): Promise<string> {
  const { reports, total } = await newest(place, flags.all ? Infinity : USUAL_DROPS)
  if (flags.csv)
    return csv(
      Object.keys(asRow(EMPTY)),
      reports.map((report) => Object.values(asRow(report))),
    )
  const waiting = await waitingIn(place)
  if (flags.json) return `${JSON.stringify({ schema: 'kissmetrics-importer/status/v1', ...waiting, drops: reports }, null, 2)}\n`
  return statusText(reports, total, waiting, process.stdout)
}

async function showOne(place: Place, key: string, flags: StatusFlags): Promise<string> {
  const found: Report[] = []
  for (const name of [key, `incoming/${key}`]) {
    for await (const { key: where } of listObjects(place.s3, place.bucket, `${REPORTS_PREFIX}${name}/`)) {
      const report = await read(place, where)
      if (report?.drop.key === name) found.push(report)
    }
  }
  const last = found.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)).at(-1)
  if (last === undefined)
    throw new SetupError(
      `There is no report of "${printable(key)}". See km-import status for the drops that there are; one that was just put there may need a moment.`,
    )
  return flags.json ? `${JSON.stringify(last, null, 2)}\n` : reportText(last, process.stdout)
}

async function newest(place: Place, most: number): Promise<{ readonly reports: readonly Report[]; readonly total: number }> {
  const listed: { readonly key: string; readonly writtenAt: Date }[] = []
  for await (const object of listObjects(place.s3, place.bucket, REPORTS_PREFIX)) listed.push(object)
  const chosen = listed.sort((a, b) => b.writtenAt.getTime() - a.writtenAt.getTime()).slice(0, most)
  const reports: Report[] = []
  for (let from = 0; from < chosen.length; from += READS_AT_ONCE) {
    const some = await Promise.all(chosen.slice(from, from + READS_AT_ONCE).map(({ key }) => read(place, key)))
    reports.push(...some.filter((report) => report !== undefined))
  }
  return { reports: reports.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)), total: listed.length }
}

async function read({ s3, bucket }: Place, key: string): Promise<Report | undefined> {
  return (await reportsIn(s3).find(bucket, key))?.report
}

async function waitingIn({ sqs, importQueueUrl, deadLetterQueueUrl }: Place): Promise<Waiting> {
  const [messages, deadLetters] = await Promise.all([countMessages(sqs, importQueueUrl), countMessages(sqs, deadLetterQueueUrl)])
  return { messages, deadLetters }
}

/** For the names of the columns, where there is no drop yet. */
const EMPTY: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'importing',
  drop: { bucket: '', key: '', bytes: 0 },
  lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 0, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: new Date(0).toISOString(),
  invocations: 0,
  repeatsPossible: 0,
}
