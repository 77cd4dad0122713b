import { SetupError } from '../../lambda/errors.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { mayUpload } from './claims.ts'
import { ReplayUpload, type EditedLine } from './replay-upload.ts'
import { scanDeadLetters } from './scan.ts'

export interface ReplayResult {
  /** Key of the uploaded file; undefined if there was nothing left to upload. */
  readonly key: string | undefined
  /** Lines in that file. */
  readonly lines: number
  /** Lines that an earlier, interrupted run of this or another replay had uploaded. */
  readonly uploadedBefore: number
  /** Lines that were not sent because their dead letter was not found, or another replay is sending it. */
  readonly missing: number
}

/**
 * Uploads edited lines as a new file to import, and then removes their dead letters.
 *
 * If it is interrupted in between, both remain. The same replay, started again, then only removes the dead letters. Several replays at
 * the same time send each dead letter once: one in the queue is hidden from the others, and one in the bucket is claimed first.
 *
 * @param lines all lines of the replay
 * @param isKept whether the dead letter stays although its line is sent: another line that was made from it cannot be sent yet
 * @throws the error of S3 or SQS
 */
export async function replayLines(
  deployment: Deployment,
  lines: readonly EditedLine[],
  isKept: (id: string) => boolean,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const ids = new Set(lines.map(({ id }) => id))
  await using selection = await scanDeadLetters(deployment, ({ id }) => ids.has(id), signal)
  signal.throwIfAborted()
  const upload = new ReplayUpload(deployment, lines)
  const { uploaded, found, missing } = partition(lines, await upload.uploadedLines(), (id) => selection.has(id))
  const key = upload.nextKey
  const claim = { file: key, at: new Date().toISOString() }
  const outcomes = await selection.claim(
    [...new Set(found.map(({ id }) => id))].filter((id) => !isKept(id)),
    claim,
  )
  const withOutcome = (outcome: string) => found.filter(({ id }) => (outcomes.get(id) ?? 'claimed') === outcome)
  const toUpload = withOutcome('claimed')
  const uploadedBefore = [...uploaded, ...withOutcome('sent')]
  if (toUpload.length > 0 && !mayUpload(claim, Date.now())) throw tooLate()
  const isUploaded = toUpload.length > 0 && (await upload.upload(toUpload))
  const sent = isUploaded ? toUpload : []
  const settledIds = new Set([...uploadedBefore, ...sent].map(({ id }) => id))
  await selection.remove([...settledIds].filter((id) => selection.has(id) && !isKept(id)))
  return {
    key: isUploaded ? key : undefined,
    lines: sent.length,
    uploadedBefore: uploadedBefore.length,
    missing: missing.length + found.length - withOutcome('sent').length - sent.length,
  }
}

/** @param uploadedLines how often each line is in the files of the replay @param isFound whether a dead letter was found */
function partition(
  lines: readonly EditedLine[],
  uploadedLines: ReadonlyMap<string, number>,
  isFound: (id: string) => boolean,
): Readonly<Record<'uploaded' | 'found' | 'missing', readonly EditedLine[]>> {
  const left = new Map(uploadedLines)
  const {
    uploaded = [],
    found = [],
    missing = [],
  } = Object.groupBy(lines, ({ id, line }) => {
    const times = left.get(line) ?? 0
    if (times === 0) return isFound(id) ? 'found' : 'missing'
    left.set(line, times - 1)
    return 'uploaded'
  })
  return { uploaded, found, missing }
}

function tooLate(): SetupError {
  return new SetupError(
    'The replay was paused for minutes before its upload, so another one may send these lines. Nothing was sent. Run the command again.',
  )
}
