import { NoSuchKey, NotFound, S3ServiceException } from '@aws-sdk/client-s3'
import { S3Error, untraced } from '../../../emulators/s3/xml.ts'

/** Turns the error of the emulator into that of the SDK. */
export async function answer<T>(method: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    throw error instanceof S3Error ? s3Exception(error, method) : error
  }
}

function s3Exception({ code, message, status }: S3Error, method: string): S3ServiceException {
  const details = { message, $metadata: { httpStatusCode: status } }
  if (code === 'NoSuchKey') return untraced(() => (method === 'HEAD' ? new NotFound(details) : new NoSuchKey(details)))
  return new S3ServiceException({ ...details, name: code, $fault: status < 500 ? 'client' : 'server' })
}
