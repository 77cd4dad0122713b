import { setTimeout as delay } from 'node:timers/promises'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { SetupError } from '../../lambda/errors.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { reportKey, versionOf } from '../../lambda/keys.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { ReportCache } from '../deployment/report-cache.ts'
import { OutputFile } from '../rejects/output-file.ts'
import { stateText } from '../status/report-table.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { printable, shellWord, writeMessage } from '../terminal/output.ts'
import { cancelledText, sentText } from './cancel-text.ts'
import { findVersion } from './find-version.ts'
import { orderCancellation } from './order-cancellation.ts'
import { SentLines } from './sent-lines.ts'

export interface CancelFlags extends DeploymentFlags {
  readonly version?: string
  readonly output?: string
  readonly yes: boolean
  readonly json: boolean
}

/** A running import ends within 10 seconds. One that has to be taken over from a killed invocation takes longer. */
const MAX_WAIT_MS = 45_000
const POLL_MS = 250

/** Cancels the import of one version of a file, waits for its end, and says what was sent until then. */
export async function cancel(name: string, flags: CancelFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const deployment = await findDeployment(flags)
  const deploymentOptions = deploymentOptionsOf(flags)
  const wanted = { version: flags.version, deploymentOptions }
  const { file, report } = await findVersion(deployment, new ReportCache(deployment), name, wanted)
  if (report !== undefined && isFinal(report) && report.state !== 'cancelled') throw refusal(report)
  await using output = flags.output === undefined ? undefined : await OutputFile.create(flags.output)
  if (report?.state !== 'cancelled') {
    const question = `Cancel the import of ${printable(file.key)}, version ${printable(versionOf(file))}? It cannot be continued.`
    if (!(await confirm(question, flags))) return EXIT.ok
    await orderCancellation(deployment, file, deploymentOptions)
  }
  const ended = await finalReport(deployment, file, interruption.signal)
  if (ended === undefined) {
    writeMessage(process.stderr, pendingText(file, deploymentOptions))
    return interruption.happened ? EXIT.interrupted : EXIT.someLinesLeft
  }
  if (ended.state !== 'cancelled') throw refusal(ended)
  process.stdout.write(
    flags.json ? `${JSON.stringify(ended, null, 2)}\n` : cancelledText(ended, deploymentOptions, process.stdout),
  )
  if (output !== undefined && flags.output !== undefined) {
    const sent = new SentLines(ended, deployment)
    await output.write(sent.read(), interruption.signal)
    writeMessage(process.stderr, sentText(sent, flags.output, deploymentOptions))
  } else if (ended.lines.delivered > 0) writeMessage(process.stderr, listSentText(file, deploymentOptions))
  return EXIT.ok
}

async function finalReport({ s3, bucket }: Deployment, file: SourceFile, signal: AbortSignal): Promise<Report | undefined> {
  const end = performance.now() + MAX_WAIT_MS
  for (;;) {
    const found = await s3Reports(s3).find(bucket, reportKey(file))
    if (found !== undefined && isFinal(found.report)) return found.report
    if (performance.now() >= end || signal.aborted) return undefined
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

function refusal(report: Report): SetupError {
  const { file } = report
  return new SetupError(
    `The import of ${printable(file.key)}, version ${printable(versionOf(file))}, has ended (${stateText(report)}), so it cannot be cancelled. ` +
      'What was delivered stays in Kissmetrics.',
  )
}

function listSentText({ key }: SourceFile, deploymentOptions: string): string {
  return `To get the lines that were sent: npx km-import cancel ${shellWord(printable(key))} -o sent.jsonl${deploymentOptions}\n`
}

function pendingText({ key }: SourceFile, deploymentOptions: string): string {
  return (
    `${printable(key)} is cancelled, and nothing more of it is sent. Its last invocation has not written its report yet. See it in a few minutes:\n` +
    `  npx km-import status ${shellWord(printable(key))}${deploymentOptions}\n`
  )
}
