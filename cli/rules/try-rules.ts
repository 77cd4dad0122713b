import { clock } from '../../lambda/adapters/clock.ts'
import { s3SourceFiles } from '../../lambda/adapters/s3-objects.ts'
import { lineRulesFor } from '../../lambda/jobs/line-rules.ts'
import { isTemporaryName } from '../../lambda/keys.ts'
import { classifyLine } from '../../lambda/parse/classify-line.ts'
import type { Entry } from '../../lambda/parse/entry.ts'
import type { LineRules } from '../../lambda/parse/line.ts'
import { openLines, UnreadableFile, type Line } from '../../lambda/read/lines.ts'
import { resuming } from '../../lambda/read/resume.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { listObjects, type ListedObject } from '../deployment/list-objects.ts'

/** What other rules would have made of the last files. */
export interface Trial {
  /** The newest first. */
  readonly files: readonly string[]
  readonly lines: number
  readonly rejectedBefore: number
  readonly rejectedAfter: number
  /** Lines with the same result. */
  readonly unchanged: number
  /** Valid lines that would be sent with another content. */
  readonly validChanged: number
  /** Valid lines that would be rejected. */
  readonly validRejected: number
  /** Lines that would be left out, and were not before. */
  readonly skipped: number
}

const MAX_FILES = 3
const MAX_LINES = 50_000
/** The importer's default for `KM_MAX_LINE_BYTES`. */
const MAX_LINE_BYTES = 262_144

/** Tries rules on the last files of a prefix, and sends nothing. */
export async function tryRules(
  { s3, bucket, places }: Pick<Deployment, 's3' | 'bucket' | 'places'>,
  prefix: string,
  { before, after }: { readonly before: readonly Rule[]; readonly after: readonly Rule[] },
): Promise<Trial> {
  const found = await Promise.all(
    [...new Set([bucket, ...places.map((place) => place.bucket)])].map(async (name) =>
      (await newest(listObjects(s3, name, prefix))).map((object) => ({ bucket: name, ...object })),
    ),
  )
  const last = found.flat().toSorted(byDate).slice(0, MAX_FILES)
  const counts = { lines: 0, rejectedBefore: 0, rejectedAfter: 0, unchanged: 0, validChanged: 0, validRejected: 0, skipped: 0 }
  const files = resuming(s3SourceFiles(s3), clock)
  for (const file of last) {
    const opened = await files.open(file)
    if (opened.kind !== 'open') continue
    const old = lineRulesFor(opened.lastModified, before)
    const next = lineRulesFor(opened.lastModified, after)
    try {
      const { batches } = await openLines(opened.body, { maxLineBytes: MAX_LINE_BYTES, name: opened.name })
      for await (const batch of batches) {
        for (const line of batch.slice(0, MAX_LINES - counts.lines)) count(counts, line, old, next)
        if (counts.lines >= MAX_LINES) break
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error // the lines before that point were counted
    } finally {
      opened.body.destroy()
    }
  }
  return { files: last.map(({ key }) => key), ...counts }
}

type Counts = { -readonly [Name in Exclude<keyof Trial, 'files'>]: number }

function count(counts: Counts, line: Line, old: LineRules, next: LineRules): void {
  const before = classifyLine(line, old)
  const after = classifyLine(line, next)
  counts.lines += 1
  if (before.kind === 'rejected') counts.rejectedBefore += 1
  if (after.kind === 'rejected') counts.rejectedAfter += 1
  if (isSkipped(after) && !isSkipped(before)) counts.skipped += 1
  if (resultOf(before) === resultOf(after)) counts.unchanged += 1
  else if (before.kind === 'ready' && after.kind === 'rejected') counts.validRejected += 1
  else if (before.kind === 'ready' && after.kind === 'ready') counts.validChanged += 1
}

function resultOf(entry: Entry): string {
  return entry.kind === 'ready' ? JSON.stringify(entry.parsed.commands) : entry.kind
}

function isSkipped(entry: Entry): boolean {
  return entry.kind === 'blank' && entry.skippedBy !== undefined
}

function byDate(a: ListedObject, b: ListedObject): number {
  return b.writtenAt.getTime() - a.writtenAt.getTime()
}

/** The newest files of a listing, which may be long: only these are kept. */
async function newest(objects: AsyncIterable<ListedObject>): Promise<readonly ListedObject[]> {
  let last: readonly ListedObject[] = []
  for await (const object of objects)
    if (!object.key.endsWith('/') && !isTemporaryName(object.key)) last = [...last, object].toSorted(byDate).slice(0, MAX_FILES)
  return last
}
