import type { IncomingHttpHeaders } from 'node:http'
import type { StoredObject } from './store.ts'
import { S3Error } from './xml.ts'

const FAILED = 'At least one of the pre-conditions you specified did not hold'

/**
 * Checks a conditional write (If-Match, If-None-Match).
 *
 * @param find the object to replace, if a condition is about it
 * @throws S3Error 412; 404 for If-Match on a missing object
 */
export function checkPreconditions(headers: IncomingHttpHeaders, find: () => StoredObject | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifMatch === undefined && ifNoneMatch === undefined) return
  const current = find()
  if (ifNoneMatch !== undefined && current !== undefined && listsEtag(ifNoneMatch, current.etag))
    throw new S3Error(412, 'PreconditionFailed', FAILED)
  if (ifMatch === undefined) return
  if (current === undefined) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
  if (!listsEtag(ifMatch, current.etag)) throw new S3Error(412, 'PreconditionFailed', FAILED)
}

/** Checks a conditional read. @returns true for a 304: the reader already has this object @throws S3Error 412 */
export function isUnchanged(headers: IncomingHttpHeaders, { etag, lastModified }: StoredObject): boolean {
  const seconds = Math.floor(lastModified / 1000) * 1000
  if (headers['if-match'] !== undefined) {
    if (!listsEtag(headers['if-match'], etag)) throw new S3Error(412, 'PreconditionFailed', FAILED)
  } else if (headers['if-unmodified-since'] !== undefined && seconds > Date.parse(headers['if-unmodified-since'])) {
    throw new S3Error(412, 'PreconditionFailed', FAILED)
  }
  if (headers['if-none-match'] !== undefined) return listsEtag(headers['if-none-match'], etag)
  return headers['if-modified-since'] !== undefined && seconds <= Date.parse(headers['if-modified-since'])
}

/** Whether the list of ETags in the header contains this one, or `*`. */
function listsEtag(header: string, etag: string): boolean {
  return header.split(',').some((part) => part.trim().replaceAll('"', '').replace(/^W\//, '') === etag || part.trim() === '*')
}
