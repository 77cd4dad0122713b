import { S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/** Ends a body that stalls. The request timeout of the SDK only covers the wait for the headers. */
const SOCKET_TIMEOUT_MS = 30_000

export function s3Client({ socketTimeoutMs = SOCKET_TIMEOUT_MS } = {}): S3Client {
  return new S3Client({
    requestHandler: new NodeHttpHandler({ connectionTimeout: 5_000, socketTimeout: socketTimeoutMs }),
    // The SDK compares a checksum only after the last byte, when the lines are already sent. read/resume.ts compares sizes instead.
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}
