import { clock } from '../../lambda/adapters/clock.ts'
import { s3Checkpoints, s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { SetupError } from '../../lambda/errors.ts'
import { eventsFor, type Log } from '../../lambda/events.ts'
import { decideHeldFile, type DecisionResult, type PersonDecision } from '../../lambda/jobs/safety-decision.ts'
import type { Report } from '../../lambda/report/report.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { findReports } from '../deployment/find-reports.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { ReportCache } from '../deployment/report-cache.ts'
import { stateText } from '../status/report-table.ts'
import { printable, shellWord } from '../terminal/escape.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { checkObject, heldVersion, versionOf } from './held-version.ts'
import { writeMessage } from '../terminal/output.ts'

export interface DecideFlags extends DeploymentFlags {
  readonly fileVersion?: string
  readonly json: boolean
}

/** Releases or discards a held file. @throws SetupError if that is not possible, with what to do instead */
export async function decide(key: string, decision: PersonDecision, flags: DecideFlags): Promise<ExitCode> {
  const deployment = await findDeployment(flags)
  const deploymentOptions = deploymentOptionsOf(flags)
  const wanted = { decision, version: flags.fileVersion, deploymentOptions }
  const report = heldVersion(await findReports(deployment, new ReportCache(deployment), key, deploymentOptions), wanted)
  if (decision === 'released' && report.state === 'held') await checkObject(report, deployment.s3, wanted)
  const result = await decideOnDeployment(deployment, report, decision)
  if (result.kind === 'not-held' || result.kind === 'too-late') throw new SetupError(refusalText(report, result))
  if (flags.json) process.stdout.write(jsonText(report, result))
  else writeMessage(process.stdout, `${resultText(report, result, deploymentOptions)}\n`)
  return EXIT.ok
}

/** The same for the page, which shows the report. */
export function decideOnDeployment(
  { s3, sqs, bucket, importQueueUrl }: Pick<Deployment, 's3' | 'sqs' | 'bucket' | 'importQueueUrl'>,
  { file }: Report,
  decision: PersonDecision,
): Promise<DecisionResult> {
  const importQueue = sqsImportQueue(sqs, importQueueUrl)
  return decideHeldFile(file, decision, {
    checkpoints: s3Checkpoints(s3, bucket),
    reports: s3Reports(s3, bucket),
    importQueue,
    answerQueue: importQueue,
    clock,
    events: eventsFor(NO_LOG),
  })
}

type Decided = Extract<DecisionResult, { readonly kind: 'decided' | 'decided-before' }>
type Refused = Exclude<DecisionResult, Decided>

function resultText({ file }: Report, { kind, safety: { decision, decidedAt } }: Decided, deploymentOptions: string): string {
  const name = printable(file.key)
  const what = kind === 'decided' ? `is ${decision}` : `was already ${decision} on ${timeText(decidedAt)}`
  return decision === 'released'
    ? `${name} ${what}. Follow its import:\n  npx km-import status ${shellWord(name)}${deploymentOptions}`
    : `${name} ${what}. Nothing of it was sent.`
}

/** Why a person cannot decide (any more). */
export function refusalText({ file, state, lines }: Report, result: Refused): string {
  const name = printable(file.key)
  if (result.kind === 'not-held') return `${name} is not held: it is ${stateText({ state, lines })}.`
  const { decision, decidedAt } = result.safety
  return decision === 'released'
    ? `${name} was released on ${timeText(decidedAt)}, so it cannot be discarded any more.`
    : `${name} was discarded on ${timeText(decidedAt)}. To import it all the same, upload it again.`
}

function jsonText(report: Report, { kind, safety: { decision, decidedAt } }: Decided): string {
  const { bucket, key } = report.file
  const document = { bucket, key, version: versionOf(report), decision, decidedAt, wasDecidedBefore: kind === 'decided-before' }
  return `${JSON.stringify(document, null, 2)}\n`
}

function timeText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' at ')} UTC`
}

const NO_LOG: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
}
