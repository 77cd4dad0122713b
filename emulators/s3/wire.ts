import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Blobs } from './blobs.ts'
import type { S3Faults } from './faults.ts'
import type { Multipart } from './multipart.ts'
import type { Notifications } from './notifications.ts'
import type { Objects } from './objects.ts'
import type { Store } from './store.ts'
import type { Tagging } from './tagging.ts'
import { S3Error } from './xml.ts'

/** What the operations work with. */
export interface Service {
  readonly store: Store
  readonly blobs: Blobs
  readonly notifications: Notifications
  readonly objects: Objects
  readonly multipart: Multipart
  readonly tagging: Tagging
  readonly region: string
  readonly faults: S3Faults
}

/** A parsed request. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  /** The requested subresource, for example `versioning`; undefined for the bucket or object itself. */
  readonly subresource: string | undefined
}

export function answerXml(response: ServerResponse, xml: string): void {
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) }).end(xml)
}

const MAX_XML_BYTES = 4 * 1_048_576

export async function textBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_XML_BYTES) throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
