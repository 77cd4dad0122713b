import { setTimeout as delay } from 'node:timers/promises'
import type { Brake } from '../../lambda/control/brake.ts'
import type { Report } from '../../lambda/report/report.ts'
import { currentBrake } from '../control/brake-document.ts'
import { csv } from '../terminal/csv.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { ExpectedLines } from '../deployment/expected-lines.ts'
import { findReports } from '../deployment/find-reports.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { reportWithFileName } from '../files/file-in-hint.ts'
import { fileOfKey } from '../local/file-of-key.ts'
import { queueDepths } from '../deployment/queue-depth.ts'
import { ReportCache } from '../deployment/report-cache.ts'
import { csvRowOf, reportText, statusText } from './status-text.ts'

export interface StatusFlags extends DeploymentFlags {
  readonly watch: boolean
  readonly json: boolean
  readonly csv: boolean
  readonly all: boolean
}

const REFRESH_MS = 2_000
/** The newest files; as many as fit on a screen. */
const DEFAULT_SHOWN_FILES = 20

/** Shows the state of all imports, the newest first, or one report in full. */
export async function status(key: string | undefined, flags: StatusFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const deployment = await findDeployment(flags)
  const cache = new ReportCache(deployment)
  const expectedLines = new ExpectedLines(deployment)
  const show =
    key === undefined ? () => showAll(deployment, cache, expectedLines, flags) : () => showOne(deployment, cache, key, flags)
  let text = await show()
  process.stdout.write(text)
  while (flags.watch) {
    await delay(REFRESH_MS, undefined, { signal: interruption.signal }).catch(() => undefined)
    if (interruption.happened) return EXIT.ok
    const next = await show()
    if (next === text) continue
    // A terminal is redrawn; the reader of a pipe gets one state after the other.
    process.stdout.write(process.stdout.isTTY ? `\u001b[H\u001b[2J${next}` : next)
    text = next
  }
  return EXIT.ok
}

async function showAll(
  deployment: Deployment,
  cache: ReportCache,
  expectedLines: ExpectedLines,
  flags: StatusFlags,
): Promise<string> {
  const { reports: cached, newer, total } = await cache.newest(flags.all ? Infinity : DEFAULT_SHOWN_FILES)
  const reports = cached.map(({ report }) => report)
  const now = Date.now()
  if (flags.csv)
    return csv(Object.keys(csvRowOf(NO_REPORT, now)), [
      ...reports.map((report) => Object.values(csvRowOf(report, now))),
      ...newer.map((file) => [file, 'newer-version']),
    ])
  const [waiting, brake] = await Promise.all([queueDepths(deployment), currentBrake(deployment)])
  if (flags.json)
    return `${JSON.stringify({ schema: 'kissmetrics-importer/status/v1', ...waiting, ...orders(brake), files: reports, newer }, null, 2)}\n`
  const named = reports.map((report) => reportWithFileName(report, nameInCommands(report, deployment, flags)))
  const expected = new Map<Report, number>()
  for (const report of named) {
    const lines = await expectedLines.of(report)
    if (lines !== undefined) expected.set(report, lines)
  }
  const context = { newer, total, waiting, brake, now, expected, deploymentOptions: deploymentOptionsOf(flags) }
  const maxRows = flags.watch && process.stdout.isTTY ? { maxRows: process.stdout.rows - 1 } : {}
  return statusText(named, { ...context, ...maxRows }, process.stdout)
}

async function showOne(deployment: Deployment, cache: ReportCache, key: string, flags: StatusFlags): Promise<string> {
  const deploymentOptions = deploymentOptionsOf(flags)
  const reports = await findReports(deployment, cache, key, deploymentOptions)
  const last = reports.at(-1) ?? reports[0]
  return flags.json
    ? `${JSON.stringify(last, null, 2)}\n`
    : reportText(
        reportWithFileName(last, nameInCommands(last, deployment, flags)),
        { deploymentOptions, now: Date.now() },
        process.stdout,
      )
}

/** The file of a report, as `km-import fix` takes it. */
function nameInCommands({ file: { bucket, key } }: Report, { watchedDir }: Deployment, { stack }: StatusFlags): string {
  return stack === undefined ? fileOfKey(key, watchedDir) : `s3://${bucket}/${key}`
}

const orders = ({ paused, limit }: Brake) => ({ ...(paused && { paused }), ...(limit && { limit }) })

/** For the names of the CSV columns, if there is no report yet. */
const NO_REPORT: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'importing',
  file: { bucket: '', key: '', bytes: 0 },
  lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 0, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: new Date(0).toISOString(),
  invocations: 0,
  repeatsPossible: 0,
}
