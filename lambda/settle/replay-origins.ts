import * as v from 'valibot'
import { refuseNewer } from '../common/schema.ts'
import type { CountedAs } from './closed-lines.ts'
import type { DeadLetter, DeadLetterSource, LineOrigin } from './dead-letter.ts'

export const REPLAY_ORIGINS_SCHEMA = 'kissmetrics-importer/replay-origins/v1'

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const FileBody = v.object({
  bucket: v.string(),
  key: v.string(),
  versionId: v.exactOptional(v.string()),
  etag: v.exactOptional(v.string()),
})
/** The dead letter that a line replaces: number of its file, line there, how that file's report counts it; and the same for its origin. */
const LineBody = v.strictTuple([Count, Count, v.picklist(['rejected', 'undeliverable']), Count, Count])

const ReplayOriginsBody = v.looseObject({
  schema: v.literal(REPLAY_ORIGINS_SCHEMA),
  files: v.array(FileBody),
  lines: v.array(LineBody),
})

/** Which dead letter each line of a file of fixed lines replaces: the n-th entry is about line n. Written before the file is uploaded. */
export type ReplayOrigins = v.InferOutput<typeof ReplayOriginsBody>

/** A line of a file that was not delivered. */
export interface UndeliveredLine extends LineOrigin {
  readonly countedAs: CountedAs
}

/** The line that a dead letter is about; undefined if it is about a whole file. */
export function lineOfDeadLetter({ source, countedAs, reason }: DeadLetter): UndeliveredLine | undefined {
  if (source.line === undefined) return undefined
  return {
    ...fileOf(source),
    line: source.line,
    countedAs: countedAs ?? (reason === 'endpoint_refused' ? 'undeliverable' : 'rejected'),
  }
}

/** @param deadLetters one for each line of the file, in order */
export function replayOrigins(deadLetters: readonly DeadLetter[]): ReplayOrigins {
  const numbers = new Map<string, number>()
  const files: v.InferOutput<typeof FileBody>[] = []
  const numberOf = (file: v.InferOutput<typeof FileBody>): number => {
    const name = JSON.stringify([file.bucket, file.key, file.versionId, file.etag])
    const number = numbers.get(name) ?? files.push(fileOf(file)) - 1
    numbers.set(name, number)
    return number
  }
  const lines = deadLetters.map((deadLetter): ReplayOrigins['lines'][number] => {
    const { countedAs = 'rejected' } = lineOfDeadLetter(deadLetter) ?? {}
    const { source } = deadLetter
    const origin = deadLetter.origin ?? { ...source, line: source.line ?? 0 }
    return [numberOf(fileOf(source)), source.line ?? 0, countedAs, numberOf(fileOf(origin)), origin.line]
  })
  return { schema: REPLAY_ORIGINS_SCHEMA, files, lines }
}

/** @param key where it is stored @returns undefined if there is none @throws NewerVersionError */
export function readReplayOrigins(value: unknown, key: string): ReplayOrigins | undefined {
  refuseNewer(value, REPLAY_ORIGINS_SCHEMA, key)
  const parsed = v.safeParse(ReplayOriginsBody, value)
  return parsed.success ? parsed.output : undefined
}

/** The line whose dead letter a line replaces. @param line from 1 */
export function replacedBy({ files, lines }: ReplayOrigins, line: number): UndeliveredLine | undefined {
  const [fileNumber = -1, number = 0, countedAs = 'rejected'] = lines[line - 1] ?? []
  const file = files[fileNumber]
  return file === undefined || number === 0 ? undefined : { ...file, line: number, countedAs }
}

/** The line of the first file, which was never a replay itself. @param line from 1 */
export function originOf({ files, lines }: ReplayOrigins, line: number): LineOrigin | undefined {
  const [, , , fileNumber = -1, number = 0] = lines[line - 1] ?? []
  const file = files[fileNumber]
  return file === undefined || number === 0 ? undefined : { ...file, line: number }
}

function fileOf({ bucket, key, versionId, etag }: Omit<DeadLetterSource, 'line'>): v.InferOutput<typeof FileBody> {
  return { bucket, key, ...(versionId !== undefined && { versionId }), ...(etag !== undefined && { etag }) }
}
