import { S3Error } from './xml.ts'

export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
  /** Whether less than the whole object was requested. */
  readonly isPart: boolean
}

/** Parses a Range header. As HTTP requires, an invalid header is ignored. @throws S3Error 416 for a range beyond the end */
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
