import { PutObjectCommand } from '@aws-sdk/client-s3'
import { IMPORT_NAMES, INCOMING_PREFIX, isImportName } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { objectExists } from '../deployment/object-exists.ts'
import { grouped, printable } from '../terminal/output.ts'
import type { UploadResult } from './api-types.ts'
import { RequestError, type ApiRequest } from './server.ts'

/** Amazon S3, PutObject: the largest object of one request. */
const MAX_BYTES = 5 * 1024 ** 3
/** Amazon S3, "Object key naming": 1,024 bytes, prefix included. */
const MAX_NAME_BYTES = 900

/**
 * Uploads a file from the page to the bucket, under its own name. The upload starts its import.
 *
 * @throws RequestError if the file cannot be imported, or if a file with this name exists and the user did not confirm
 */
export async function upload({ s3, bucket }: Deployment, { request, query, signal }: ApiRequest): Promise<UploadResult> {
  const name = query.get('name') ?? ''
  const key = `${INCOMING_PREFIX}${name}`
  // No slash: the page has no folders, and other programs would follow `..` out of the folder.
  if (name === '' || /[/\\\u0000-\u001f\u007f]/.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES || !isImportName(name))
    throw new RequestError(
      422,
      `"${printable(name)}" is not a valid file name. It must end with ${IMPORT_NAMES}, and contain no slash. ` +
        'Rename the file and choose it again.',
    )
  const bytes = Number(request.headers['content-length'])
  if (!Number.isSafeInteger(bytes)) throw new RequestError(411, 'The file arrived without its size. Choose it again.')
  if (bytes > MAX_BYTES)
    throw new RequestError(
      413,
      `The file has ${grouped(bytes)} bytes, and the page can upload at most 5 GiB. Upload it with: ` +
        `aws s3 cp FILE s3://${bucket}/${INCOMING_PREFIX}`,
    )
  if (query.get('again') !== '1' && (await objectExists({ s3, bucket }, key)))
    throw new RequestError(409, `A file named ${printable(name)} already exists.`)
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: request, ContentLength: bytes }), { abortSignal: signal })
  return { key }
}
