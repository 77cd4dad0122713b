import { clock } from '../../lambda/adapters/clock.ts'
import { s3SourceFiles } from '../../lambda/adapters/s3-objects.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { readOptions } from '../../lambda/jobs/read-options.ts'
import { lineRulesFor } from '../../lambda/jobs/line-rules.ts'
import { isReplayFile, isTemporaryName } from '../../lambda/keys.ts'
import { classifyLine } from '../../lambda/parse/classify-line.ts'
import type { Entry } from '../../lambda/parse/entry.ts'
import type { SourceFiles } from '../../lambda/ports.ts'
import { openLines, UnreadableFile, type Line } from '../../lambda/read/lines.ts'
import { resuming } from '../../lambda/read/resume.ts'
import { isColumnsRule } from '../../lambda/rules/columns-rule.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { readNumberSetting } from '../../lambda/settings/numbers.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { listObjects, type ListedObject } from '../deployment/list-objects.ts'
import type { RulesChange } from './change.ts'
import { areSameRules } from './given-rules.ts'

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
  /** The first of them. */
  readonly firstRejected: readonly RejectedLine[]
  /** Lines that would be left out, and were not before. */
  readonly skipped: number
}

/** A valid line that would be rejected. */
export interface RejectedLine {
  readonly file: string
  readonly line: number
  /** Absent if the whole file would be rejected. */
  readonly reason?: string
}

const MAX_FILES = 3
const MAX_SHOWN = 5
const MAX_LINES = 50_000

/** Tries rules on the last files of a prefix, and sends nothing. */
export async function tryRules(
  { s3, bucket, places, settings }: Pick<Deployment, 's3' | 'bucket' | 'places' | 'settings'>,
  prefix: string,
  { document, before, after }: Versions & Pick<RulesChange, 'document'>,
): Promise<Trial> {
  // Files of a longer prefix have its rules alone.
  const others = document.prefixes.filter((entry) => entry.prefix !== prefix && entry.prefix.startsWith(prefix))
  const isUnder = (key: string): boolean => !isReplayFile(key) && !others.some((entry) => key.startsWith(entry.prefix))
  const found = await Promise.all(
    [...new Set([bucket, ...places.map((place) => place.bucket)])].map(async (name) =>
      (await newest(listObjects(s3, name, prefix), isUnder)).map((object) => ({ bucket: name, ...object })),
    ),
  )
  const last = found.flat().toSorted(byDate).slice(0, MAX_FILES)
  const counts = { lines: 0, rejectedBefore: 0, rejectedAfter: 0, unchanged: 0, validChanged: 0, validRejected: 0, skipped: 0 }
  const firstRejected: RejectedLine[] = []
  const source: Source = {
    files: resuming(s3SourceFiles(s3), clock),
    maxLineBytes: readNumberSetting('KM_MAX_LINE_BYTES', settings ?? process.env),
  }
  const onRejected = (line: RejectedLine): void => {
    if (firstRejected.length < MAX_SHOWN) firstRejected.push(line)
  }
  for (const file of last) await tryFile(source, file, { before, after }, counts, onRejected)
  return { files: last.map(({ key }) => key), ...counts, firstRejected }
}

type Counts = { -readonly [Name in Exclude<keyof Trial, 'files' | 'firstRejected'>]: number }

interface Source {
  readonly files: SourceFiles
  readonly maxLineBytes: number
}

interface Versions {
  readonly before: readonly Rule[]
  readonly after: readonly Rule[]
}

async function tryFile(
  source: Source,
  file: SourceFile,
  { before, after }: Versions,
  counts: Counts,
  onRejected: (line: RejectedLine) => void,
): Promise<void> {
  const compare = (old: Entry | undefined, next: Entry | undefined): void => {
    count(counts, old, next)
    if (old === undefined || !isNewlyRejected(old, next)) return
    const reason = next?.kind === 'rejected' ? next.rejection.reason : undefined
    onRejected({ file: file.key, line: old.line.number, ...(reason !== undefined && { reason }) })
  }
  const room = (): number => MAX_LINES - counts.lines
  if (areSameRules(columnRules(before), columnRules(after))) {
    for await (const { batch, written } of batchesOf(source, file, after)) {
      const [old, next] = [lineRulesFor(written, before), lineRulesFor(written, after)]
      for (const line of batch.slice(0, room())) compare(classifyLine(line, old), classifyLine(line, next))
      if (room() <= 0) return
    }
    return
  }
  // With other columns, the rows of a CSV file are other lines, or the file is rejected.
  const old = await entriesOf(source, file, before, room())
  const next = await entriesOf(source, file, after, room())
  const entries = next.length > 0 ? next : old
  for (const [index] of entries.entries()) compare(old[index], next[index])
}

function columnRules(rules: readonly Rule[]): readonly Rule[] {
  return rules.filter(isColumnsRule)
}

async function entriesOf(source: Source, file: SourceFile, rules: readonly Rule[], max: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for await (const { batch, written } of batchesOf(source, file, rules)) {
    const lineRules = lineRulesFor(written, rules)
    for (const line of batch.slice(0, max - entries.length)) entries.push(classifyLine(line, lineRules))
    if (entries.length >= max) break
  }
  return entries
}

/** The lines of a file, as far as it can be read. */
async function* batchesOf(
  { files, maxLineBytes }: Source,
  file: SourceFile,
  rules: readonly Rule[],
): AsyncGenerator<{ readonly batch: readonly Line[]; readonly written: Date }> {
  const opened = await files.open(file)
  if (opened.kind !== 'open') return
  try {
    const { batches } = await openLines(opened.body, { maxLineBytes, ...readOptions(opened, rules) })
    for await (const batch of batches) yield { batch, written: opened.lastModified }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error // the lines before that point were counted
  } finally {
    opened.body.destroy()
  }
}

/** @param before undefined if the whole file was rejected; `after` the same */
function count(counts: Counts, before: Entry | undefined, after: Entry | undefined): void {
  counts.lines += 1
  if (isRejected(before)) counts.rejectedBefore += 1
  if (isRejected(after)) counts.rejectedAfter += 1
  if (isSkipped(after) && !isSkipped(before)) counts.skipped += 1
  if (resultOf(before) === resultOf(after)) counts.unchanged += 1
  else if (isNewlyRejected(before, after)) counts.validRejected += 1
  else if (before?.kind === 'ready' && after?.kind === 'ready') counts.validChanged += 1
}

function isRejected(entry: Entry | undefined): boolean {
  return entry === undefined || entry.kind === 'rejected'
}

function isNewlyRejected(before: Entry | undefined, after: Entry | undefined): boolean {
  return before?.kind === 'ready' && isRejected(after)
}

function resultOf(entry: Entry | undefined): string {
  return entry?.kind === 'ready' ? JSON.stringify(entry.parsed.commands) : (entry?.kind ?? 'rejected')
}

function isSkipped(entry: Entry | undefined): boolean {
  return entry?.kind === 'blank' && entry.skippedBy !== undefined
}

function byDate(a: ListedObject, b: ListedObject): number {
  return b.writtenAt.getTime() - a.writtenAt.getTime()
}

/** The newest files of a listing, which may be long: only these are kept. */
async function newest(objects: AsyncIterable<ListedObject>, isUnder: (key: string) => boolean): Promise<readonly ListedObject[]> {
  let last: readonly ListedObject[] = []
  for await (const object of objects)
    if (!object.key.endsWith('/') && !isTemporaryName(object.key) && isUnder(object.key))
      last = [...last, object].toSorted(byDate).slice(0, MAX_FILES)
  return last
}
