import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { SetupError } from '../../lambda/errors.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { INCOMING_PREFIX, reportKey } from '../../lambda/keys.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { canaryText, type Canary } from './text.ts'

export interface CanaryFlags extends DeploymentFlags {
  readonly yes: boolean
  /** Seconds to wait for the report. */
  readonly timeout: string
  readonly json: boolean
}

const EVENT = 'km-import canary'
const POLL_MS = 250
const MAX_TIMEOUT_SECONDS = 3_600

/**
 * Sends one event of a marked person through the whole importer: file, queue, function, endpoint. Then it says what to look for, because only
 * Kissmetrics shows whether the event was counted.
 *
 * @returns 0 if the endpoint accepted it, 1 if not within the timeout
 * @throws SetupError
 */
export async function canary(flags: CanaryFlags): Promise<ExitCode> {
  const timeoutMs = timeoutOf(flags.timeout)
  const deployment = await findDeployment(flags)
  const sent = newCanary(deployment)
  const isTest = deployment.emulatorUrl !== undefined
  const question = `Send one event "${EVENT}" of the person "${sent.person}" to Kissmetrics? It cannot be deleted.`
  if (!isTest && !(await confirm(question, flags))) return EXIT.unusable
  const file = await upload(sent, deployment)
  const report = await waitForReport(file, deployment, timeoutMs)
  const result = { ...sent, file: file.key, state: report?.state ?? 'importing' }
  process.stdout.write(
    flags.json ? `${JSON.stringify(result, null, 2)}\n` : canaryText(result, deploymentOptionsOf(flags), process.stdout),
  )
  return report?.state === 'complete' ? EXIT.ok : EXIT.someLinesLeft
}

function timeoutOf(text: string): number {
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) return seconds * 1000
  throw new SetupError(`--timeout is "${text}": expected a whole number of seconds from 1 to ${MAX_TIMEOUT_SECONDS}.`)
}

function newCanary({ emulatorUrl }: Deployment): Canary {
  const person = `km-import-canary-${randomBytes(6).toString('hex')}`
  const shown = emulatorUrl === undefined ? undefined : new URL(emulatorUrl)
  if (shown !== undefined) shown.pathname = `/people/${person}`
  return { person, event: EVENT, time: Math.floor(Date.now() / 1000), ...(shown !== undefined && { url: shown.href }) }
}

/** The name of the file says what it is, so that people recognise it in the list of imports. */
async function upload({ person, event, time }: Canary, { s3, bucket }: Deployment): Promise<SourceFile> {
  const key = `${INCOMING_PREFIX}${person}.json`
  const Body = `${JSON.stringify({ _p: person, _t: time, _n: event })}\n`
  const { VersionId, ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }))
  return {
    bucket,
    key,
    ...(VersionId !== undefined && { versionId: VersionId }),
    ...(ETag !== undefined && { etag: ETag.replaceAll('"', '') }),
  }
}

/** @returns the final report, or the last one that there is when the time is up */
async function waitForReport(file: SourceFile, { s3, bucket }: Deployment, timeoutMs: number): Promise<Report | undefined> {
  const reports = s3Reports(s3)
  const until = performance.now() + timeoutMs
  for (;;) {
    const found = await reports.find(bucket, reportKey(file))
    const isOver = performance.now() >= until
    if (isOver || (found !== undefined && isFinal(found.report))) return found?.report
    await delay(POLL_MS)
  }
}
