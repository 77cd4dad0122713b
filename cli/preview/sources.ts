import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { clock } from '../../lambda/adapters/clock.ts'
import { asError, codeOf, SetupError } from '../../lambda/errors.ts'
import { latestTimeFor } from '../../lambda/parse/line.ts'
import type { ReadEnd } from '../../lambda/read/zip-fault.ts'
import { printable } from '../terminal/output.ts'
import type { Source } from './read.ts'

const IN_BUCKET = /^s3:\/\/([^/]+)\/(.*[^/])$/
const STDIN = '-'

/**
 * Checks that the files exist, before the first one is read, so that a typo is found in a moment and not after hours.
 *
 * @throws SetupError for the first file that does not exist
 */
export async function checkSources(names: readonly string[]): Promise<void> {
  if (names.filter((name) => name === STDIN).length > 1)
    throw new SetupError('"-" is given twice, but standard input can be read only once. Give it once.')
  for (const name of names) {
    if (name === STDIN) continue
    if (name.startsWith('s3://')) bucketAndKey(name)
    else await checkFile(name)
  }
}

async function checkFile(name: string): Promise<void> {
  const shown = printable(name)
  const found = await stat(name).catch((cause: unknown) => {
    const why = codeOf(cause) === 'ENOENT' ? 'there is no such file' : codeOf(cause)
    throw new SetupError(`${shown} cannot be read: ${why}. Check the name and the permissions.`, { cause })
  })
  if (found.isDirectory())
    throw new SetupError(`${shown} is a folder. Give the files in it, for example ${shown.replace(/\/$/, '')}/*.jsonl.`)
}

/**
 * Opens a file. Its lines are validated as an import would do it: against the date of the upload, which is `now` for a local file.
 *
 * @param now milliseconds since 1970
 * @throws SetupError
 */
export async function openSource(name: string, now: number): Promise<Source> {
  if (name.startsWith('s3://')) return openInBucket(name)
  const rules = { latestTime: latestTimeFor(new Date(now)) }
  return name === STDIN
    ? { name: 'standard input', body: process.stdin, rules }
    : { name: printable(name), body: createReadStream(name), rules, readEnd: (bytes) => readEnd(name, bytes) }
}

async function readEnd(name: string, bytes: number): ReturnType<ReadEnd> {
  const { size } = await stat(name)
  return { tail: await buffer(createReadStream(name, { start: Math.max(0, size - bytes), end: size })), fileBytes: size }
}

function bucketAndKey(name: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = IN_BUCKET.exec(name) ?? []
  if (bucket !== undefined && key !== undefined) return { bucket, key }
  throw new SetupError(
    `${printable(name)} is not the address of a file: expected s3://BUCKET/KEY, for example s3://exports/2024/may.jsonl.gz.`,
  )
}

async function openInBucket(name: string): Promise<Source> {
  // Imported here, so that a preview of a local file does not wait for the SDK.
  const { s3Client } = await import('../../lambda/adapters/s3-client.ts')
  const { s3SourceFiles } = await import('../../lambda/adapters/s3-objects.ts')
  const { resuming } = await import('../../lambda/read/resume.ts')
  const shown = printable(name)
  const opened = await resuming(s3SourceFiles(s3Client()), clock)
    .open(bucketAndKey(name))
    .catch((cause: unknown) => {
      const why = asError(cause).message.replace(/\.$/, '')
      throw new SetupError(
        `${shown} cannot be read: ${printable(why)}. Check bucket and region, and the credentials (AWS_PROFILE, AWS_REGION).`,
        { cause },
      )
    })
  if (opened.kind === 'open') {
    const { body, readEnd: endOf, lastModified } = opened
    return { name: shown, body, rules: { latestTime: latestTimeFor(lastModified) }, readEnd: endOf }
  }
  const why =
    opened.kind === 'locked' ? 'it is in an archive storage class. Restore it first' : 'there is no such object. Check the name'
  throw new SetupError(`${shown} cannot be read: ${why}.`)
}
