import { readdir } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { refuseNewer } from '../../../lambda/common/schema.ts'
import { REPLAY_ORIGINS_SCHEMA, type ReplayOrigins } from '../../../lambda/settle/replay-origins.ts'
import { readIfValid, writeAtomically } from '../atomic-file.ts'
import { LOCAL_BUCKET } from '../files.ts'
import { SendId } from './rejecting-send.ts'

const FIXED_FILE_SCHEMA = 'kissmetrics-importer/fixed-file/v1'

const Line = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const FixedFileBody = v.looseObject({
  schema: v.literal(FIXED_FILE_SCHEMA),
  etag: v.string(),
  replaces: SendId,
  lines: v.array(Line),
  origin: v.exactOptional(v.object({ key: v.string(), etag: v.string(), lines: v.array(Line) })),
})

/** Which rejected lines the lines of a file of fixed lines replace. It is written before that file is sent, and then never changes. */
export interface FixedFile {
  /** Of the file of fixed lines. If it is changed, its lines may be others. */
  readonly etag: string
  /** The send that has rejected the lines. */
  readonly replaces: SendId
  /** The n-th entry is about line n. */
  readonly lines: readonly number[]
  /** Where the lines were first, if `replaces` is the send of a file of fixed lines. */
  readonly origin?: { readonly key: string; readonly etag: string; readonly lines: readonly number[] }
}

const NAME = /^(.+)\.fixed-[0-9a-f]{8}\.jsonl$/
const SUFFIX = '.origins.json'

/** The name of a file of fixed lines. It is beside the file whose rejected lines they are. */
export function fixedFileName(file: string, digest: string): string {
  return `${file}.fixed-${digest.slice(0, 8)}.jsonl`
}

/** The file whose rejected lines were fixed. @returns undefined if this is not a file of fixed lines */
export function fileThatWasFixed(fixed: string): string | undefined {
  return NAME.exec(fixed)?.[1]
}

/** The files of fixed lines that were made of the rejected lines of a file. */
export async function fixedFilesOf(file: string): Promise<readonly string[]> {
  const folder = path.dirname(file)
  const names = await readdir(folder)
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => path.join(folder, name.slice(0, -SUFFIX.length)))
    .filter((fixed) => fileThatWasFixed(fixed) === file)
}

/** @returns undefined if nothing is known about the lines of the file @throws NewerVersionError */
export async function readFixedFile(fixed: string): Promise<FixedFile | undefined> {
  if (fileThatWasFixed(fixed) === undefined) return undefined
  const found = await readIfValid(`${fixed}${SUFFIX}`)
  refuseNewer(found, FIXED_FILE_SCHEMA, `${fixed}${SUFFIX}`)
  const parsed = v.safeParse(FixedFileBody, found)
  return parsed.success ? parsed.output : undefined
}

export async function writeFixedFile(fixed: string, document: FixedFile): Promise<void> {
  await writeAtomically(`${fixed}${SUFFIX}`, { schema: FIXED_FILE_SCHEMA, ...document })
}

/** The same for the importer, which notes the origin of a line that is rejected again. */
export function replayOriginsOf({ replaces: { key, etag }, lines, origin }: FixedFile): ReplayOrigins {
  const files = [{ key, etag }, ...(origin === undefined ? [] : [origin])]
  return {
    schema: REPLAY_ORIGINS_SCHEMA,
    files: files.map((file) => ({ bucket: LOCAL_BUCKET, key: file.key, etag: file.etag })),
    lines: lines.map((line, index) => [0, line, 'rejected', files.length - 1, origin?.lines[index] ?? line]),
  }
}
