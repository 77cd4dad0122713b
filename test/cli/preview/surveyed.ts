import { Readable } from 'node:stream'
import { DigestPool } from '../../../cli/preview/digest/digest-pool.ts'
import { surveyFile } from '../../../cli/preview/read.ts'
import type { PreviewSummary } from '../../../cli/preview/summary.ts'
import { Survey } from '../../../cli/preview/survey/survey.ts'

/** 2014-02-25T16:10:04Z */
export const TIME = 1_393_344_604

export type Members = Readonly<Record<string, unknown>>

export function jsonLines(lines: readonly Members[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** The preview of files, which are named `a`, `b` and so on. */
export function surveyed(...files: readonly (string | Buffer)[]): Promise<PreviewSummary> {
  return surveyedBy(new DigestPool(0), ...files)
}

export async function surveyedBy(pool: DigestPool, ...files: readonly (string | Buffer)[]): Promise<PreviewSummary> {
  await using _ending = pool
  const survey = new Survey()
  for (const [index, file] of files.entries()) {
    const source = {
      name: String.fromCharCode(0x61 + index),
      body: Readable.from(chunksOf(Buffer.from(file))),
      rules: { latestTime: 2_000_000_000 },
    }
    await surveyFile(source, survey, { maxLineBytes: 262_144, pool })
  }
  return survey.summary()
}

const CHUNK_BYTES = 65_536

/** In the chunks in which a file is read. */
function* chunksOf(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; at += CHUNK_BYTES) yield file.subarray(at, at + CHUNK_BYTES)
}
