import type { Readable } from 'node:stream'
import { withLineFeeds } from '../../lambda/read/cr-lines.ts'
import { openUnpacked, type UnpackOptions } from '../../lambda/read/open-unpacked.ts'
import { UnsupportedPacking } from '../../lambda/read/unreadable.ts'

/** The content of a file, decompressed if it is compressed, with LF as line end if it has CR alone. @throws UnreadableFile */
export async function* unpacked(body: Readable, options: UnpackOptions): AsyncGenerator<Buffer> {
  const { all, fault } = await openUnpacked(body as AsyncIterable<Buffer>, options)
  if (fault !== undefined) throw new UnsupportedPacking(fault)
  yield* withLineFeeds(all)
}
