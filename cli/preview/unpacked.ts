import type { Readable } from 'node:stream'
import { withLineFeeds } from '../../lambda/read/cr-lines.ts'
import { gunzip, isGzip } from '../../lambda/read/gunzip.ts'

/** The content of a file, decompressed if it is gzip, with LF as line end if it has CR alone. */
export async function* unpacked(body: Readable): AsyncGenerator<Buffer> {
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    start = Buffer.concat([start, next.value])
    if (start.length >= 2) break // a pipe can deliver one byte at a time
  }
  const all = concat(start, { [Symbol.asyncIterator]: () => chunks })
  yield* withLineFeeds(isGzip(start) ? gunzip(all) : all)
}

async function* concat(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield start
  yield* rest
}
