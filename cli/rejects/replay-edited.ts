import type { Deployment } from '../deployment/deployment.ts'
import { collect, type Reject } from './collect.ts'
import { ReplayFiles, type EditedLine } from './replay-file.ts'

/** What became of a replay. */
export interface ReplayResult {
  /** The drop that was stored; undefined where there was nothing to store. */
  readonly key: string | undefined
  /** Lines in it, and lines that an earlier run of the same replay had stored. */
  readonly lines: number
  readonly storedBefore: number
  /** Lines whose dead letter is not there. */
  readonly missing: number
}

/**
 * Drops mended lines, and removes their dead letters when the drop is stored and not before: whoever dies in between leaves both, and the
 * same replay, begun again, only removes.
 *
 * @param name of the drop, as far as a person chose it
 * @param lines all that are to be sent
 * @param isKept whether a letter stays, since not all that was made of it can be sent
 * @throws what S3 or SQS said
 */
export async function replayEdited(
  deployment: Deployment,
  name: string,
  lines: readonly EditedLine[],
  isKept: (id: string) => boolean,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const wanted = new Set(lines.map(({ id }) => id))
  await using held = await collect(deployment, ({ id }: Reject) => wanted.has(id), signal)
  signal.throwIfAborted()
  const files = new ReplayFiles(deployment, name, lines)
  const stored = await files.stored()
  const before: EditedLine[] = []
  const now: EditedLine[] = []
  let missing = 0
  for (const edited of lines) {
    const times = stored.get(edited.line) ?? 0
    if (times > 0) {
      stored.set(edited.line, times - 1)
      before.push(edited)
    } else if (held.has(edited.id)) now.push(edited)
    else missing += 1
  }
  const key = now.length === 0 ? undefined : await files.store(now)
  const safe = new Set([...before, ...now].map(({ id }) => id))
  await held.remove([...safe].filter((id) => held.has(id) && !isKept(id)))
  return { key, lines: now.length, storedBefore: before.length, missing }
}
