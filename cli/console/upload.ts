import { HeadObjectCommand, NotFound, PutObjectCommand } from '@aws-sdk/client-s3'
import { FILE_SUFFIXES, INCOMING_PREFIX, isImportName } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { grouped, printable } from '../terminal/output.ts'
import { Refusal, type Question } from './server.ts'
import type { Uploaded } from './api-types.ts'

/** Amazon S3, PutObject: the largest object of one request. */
const MOST_BYTES = 5 * 1024 ** 3
/** Amazon S3, "Object key naming": 1,024 bytes, prefix included. */
const MOST_NAME_BYTES = 900

/**
 * Puts a file that a person dropped on the page into the bucket, under the name that it had; the import begins by itself.
 *
 * @throws Refusal where it cannot be a drop, or where one of that name is there and nobody said to import it again
 */
export async function upload({ s3, bucket }: Deployment, { request, query, signal }: Question): Promise<Uploaded> {
  const name = query.get('name') ?? ''
  const key = `${INCOMING_PREFIX}${name}`
  // A folder in a name would be one more thing to understand, and `..` is read by other programs as a way out.
  if (name === '' || /[/\\\u0000-\u001f\u007f]/.test(name) || Buffer.byteLength(name) > MOST_NAME_BYTES || !isImportName(key))
    throw new Refusal(
      422,
      `"${printable(name)}" is no name of a drop. It has to end with ${FILE_SUFFIXES.join(', ')}; rename the file, and choose it again.`,
    )
  const bytes = Number(request.headers['content-length'])
  if (!Number.isSafeInteger(bytes)) throw new Refusal(411, 'The file came without its length. Choose it again.')
  if (bytes > MOST_BYTES)
    throw new Refusal(413, `The file has ${grouped(bytes)} bytes; a page can hand over 5 GiB. Put it there with: aws s3 cp`)
  if (query.get('again') !== '1' && (await isThere({ s3, bucket }, key)))
    throw new Refusal(
      409,
      `There is a drop called ${printable(name)} already. What is in both would be sent twice; Kissmetrics counts it once.`,
    )
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: request, ContentLength: bytes }), { abortSignal: signal })
  return { key }
}

async function isThere({ s3, bucket }: Pick<Deployment, 's3' | 'bucket'>, key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
    return true
  } catch (error) {
    if (error instanceof NotFound) return false
    throw error
  }
}
