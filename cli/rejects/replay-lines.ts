import type { Deployment } from '../deployment/deployment.ts'
import { ReplayUpload, type EditedLine } from './replay-upload.ts'
import { scanDeadLetters } from './scan.ts'

export interface ReplayResult {
  /** Key of the uploaded file; undefined if there was nothing left to upload. */
  readonly key: string | undefined
  /** Lines in that file. */
  readonly lines: number
  /** Lines that an earlier, interrupted run of the same replay had uploaded. */
  readonly uploadedBefore: number
  /** Lines that were not sent because their dead letter was not found. */
  readonly missing: number
}

/**
 * Uploads edited lines as a new file to import, and then removes their dead letters.
 *
 * If it is interrupted in between, both remain. The same replay, started again, then only removes the dead letters.
 *
 * @param name start of the name of the new file
 * @param lines all lines of the replay
 * @param isKept whether the dead letter stays although its line is sent: another line that was made from it cannot be sent yet
 * @throws the error of S3 or SQS
 */
export async function replayLines(
  deployment: Deployment,
  name: string,
  lines: readonly EditedLine[],
  isKept: (id: string) => boolean,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const ids = new Set(lines.map(({ id }) => id))
  await using selection = await scanDeadLetters(deployment, ({ id }) => ids.has(id), signal)
  signal.throwIfAborted()
  const upload = new ReplayUpload(deployment, name, lines)
  const uploadedLines = await upload.uploadedLines()
  const uploadedBefore: EditedLine[] = []
  const toUpload: EditedLine[] = []
  let missing = 0
  for (const edited of lines) {
    const times = uploadedLines.get(edited.line) ?? 0
    if (times > 0) {
      uploadedLines.set(edited.line, times - 1)
      uploadedBefore.push(edited)
    } else if (selection.has(edited.id)) toUpload.push(edited)
    else missing += 1
  }
  const key = toUpload.length === 0 ? undefined : await upload.upload(toUpload)
  const uploadedIds = new Set([...uploadedBefore, ...toUpload].map(({ id }) => id))
  await selection.remove([...uploadedIds].filter((id) => selection.has(id) && !isKept(id)))
  return { key, lines: toUpload.length, uploadedBefore: uploadedBefore.length, missing }
}
