import type { IncomingHttpHeaders } from 'node:http'
import type { StoredObject } from './store.ts'
import { S3Error } from './xml.ts'

function names(header: string, etag: string): boolean {
  return header.split(',').some((part) => part.trim().replaceAll('"', '').replace(/^W\//, '') === etag || part.trim() === '*')
}

const FAILED = 'At least one of the pre-conditions you specified did not hold'

/** What a write may demand of the object that is there. @throws S3Error 412, or 404 where it demands one and there is none */
export function checkPreconditions(headers: IncomingHttpHeaders, current: StoredObject | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  if (ifNoneMatch !== undefined && current !== undefined && names(ifNoneMatch, current.etag))
    throw new S3Error(412, 'PreconditionFailed', FAILED)
  if (ifMatch === undefined) return
  if (current === undefined) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
  if (!names(ifMatch, current.etag)) throw new S3Error(412, 'PreconditionFailed', FAILED)
}

/** What a read may demand. @returns whether the reader already has it @throws S3Error 412 */
export function isUnchanged(headers: IncomingHttpHeaders, { etag, lastModified }: StoredObject): boolean {
  const seconds = Math.floor(lastModified / 1000) * 1000
  if (headers['if-match'] !== undefined) {
    if (!names(headers['if-match'], etag)) throw new S3Error(412, 'PreconditionFailed', FAILED)
  } else if (headers['if-unmodified-since'] !== undefined && seconds > Date.parse(headers['if-unmodified-since'])) {
    throw new S3Error(412, 'PreconditionFailed', FAILED)
  }
  if (headers['if-none-match'] !== undefined) return names(headers['if-none-match'], etag)
  return headers['if-modified-since'] !== undefined && seconds <= Date.parse(headers['if-modified-since'])
}

export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
  /** Whether less than the whole was asked for. */
  readonly isPart: boolean
}

/** A range that cannot be read is passed over, as HTTP has it; one beyond the end is refused. */
export function rangeOf(header: string | undefined, size: number): ByteRange {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return { start: 0, end: size - 1, isPart: false }
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start > end || (first === '' && last === '0')) {
    if (first !== '' && last !== '' && Number(last) < Number(first)) return { start: 0, end: size - 1, isPart: false }
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', { 'content-range': `bytes */${size}` })
  }
  return { start, end, isPart: true }
}
