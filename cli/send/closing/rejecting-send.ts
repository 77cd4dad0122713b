import { createHash } from 'node:crypto'
import path from 'node:path'
import * as v from 'valibot'
import { isFinal, notDelivered, type Report } from '../../../lambda/report/report.ts'
import { readReportAt } from '../report-file.ts'

/** One send of one version of a file. A file that is sent again has another. */
export const SendId = v.object({ key: v.string(), etag: v.string(), startedAt: v.string() })
export type SendId = Readonly<v.InferOutput<typeof SendId>>

/** A send that has ended, and has not delivered all lines of its file. */
export interface RejectingSend {
  /** Of its file. */
  readonly path: string
  readonly id: SendId
  readonly report: Report
}

/** The last send of a file. @returns undefined if it has rejected no line, or has not ended */
export async function findRejectingSend(file: string): Promise<RejectingSend | undefined> {
  const report = await readReportAt(`${file}.report.json`)
  if (report === undefined || !isFinal(report) || notDelivered(report) === 0) return undefined
  return { path: file, id: sendIdOf(report), report }
}

export function sendIdOf({ file: { key, etag = '' }, startedAt }: Report): SendId {
  return { key, etag, startedAt }
}

export function isSameSend(some: SendId, other: SendId): boolean {
  return some.key === other.key && some.etag === other.etag && some.startedAt === other.startedAt
}

/** The id of the row of a rejected line: the same in each send of the same version of a file. */
export function rowIdOf({ key, etag = '' }: { readonly key: string; readonly etag?: string }, line: number): string {
  return createHash('sha256')
    .update(JSON.stringify([key, etag, line]))
    .digest('hex')
    .slice(0, 32)
}

/** The file whose send keeps its rejected lines under this name. @returns undefined for a file with another kind of name */
export function sentFileOfRejected(name: string): string | undefined {
  return /^(.+)\.rejected\.jsonl$/.exec(path.resolve(name))?.[1]
}
