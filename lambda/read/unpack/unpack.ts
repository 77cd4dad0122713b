import { constants, createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib'
import type { Packing } from '../../common/packing.ts'
import { UnreadableFile } from '../unreadable.ts'
import { Decompressor, DECOMPRESSOR_OPTIONS } from './decompressor.ts'
import { ExpansionLimits, MAX_UNPACKED_BYTES } from './expansion-limits.ts'
import { slicesOf } from './slices.ts'
import { unzip } from './unzip.ts'
import { ZstdFrames } from './zstd-frames.ts'

/**
 * Decompresses a file.
 *
 * If the data ends too early, everything that it contains comes out before the error. If it is damaged, everything that zlib returned
 * before the damage comes out, and it is the same in each run.
 *
 * Memory: a few pieces of 64 KB, and what the format needs to look back: 32 KB for gzip and zip, up to 16 MB for brotli and 128 MB for zstd.
 *
 * @throws UnreadableFile if the data is damaged, is cut off, or expands too much
 */
export async function* unpack(
  packed: AsyncIterable<Buffer>,
  packing: Packing,
  maxBytes = MAX_UNPACKED_BYTES,
): AsyncGenerator<Buffer> {
  const limits = new ExpansionLimits(maxBytes)
  const slices = async function* (): AsyncGenerator<Buffer> {
    for await (const slice of slicesOf(packed)) {
      limits.begin(slice.length)
      yield slice
    }
  }
  for await (const piece of UNPACKERS[packing](slices())) {
    limits.add(piece)
    yield piece
  }
}

const UNPACKERS: Readonly<Record<Packing, (slices: AsyncIterable<Buffer>) => AsyncIterable<Buffer>>> = {
  gzip: unpackGzip,
  zip: unzip,
  zstd: unpackZstd,
  brotli: unpackBrotli,
}

/** Like `gzip` itself, it reads several concatenated members as one, and ignores zeros after the last one. */
async function* unpackGzip(slices: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  using decompressor = new Decompressor(createGunzip(DECOMPRESSOR_OPTIONS), 'gzip')
  let isOver = false
  for await (const slice of slices) {
    if (isOver) continue
    yield* decompressor.write(slice)
    isOver = decompressor.rest.length > 0
  }
  if (!isOver) yield* decompressor.end()
}

const ZSTD_OPTIONS = { ...DECOMPRESSOR_OPTIONS, params: { [constants.ZSTD_d_windowLogMax]: 27 } }

/** Like `zstd` itself, it reads several concatenated frames as one, and skips those that are for other programs. */
async function* unpackZstd(slices: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  using decompressor = new Decompressor(createZstdDecompress(ZSTD_OPTIONS), 'zstd')
  const frames = new ZstdFrames()
  for await (const slice of slices) for (const part of frames.cut(slice)) yield* decompressor.write(part)
  yield* decompressor.end()
}

async function* unpackBrotli(slices: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  using decompressor = new Decompressor(createBrotliDecompress(DECOMPRESSOR_OPTIONS), 'brotli')
  for await (const slice of slices) {
    yield* decompressor.write(slice)
    if (decompressor.rest.length > 0) throw new UnreadableFile('the brotli data is damaged: more bytes follow after its end')
  }
  yield* decompressor.end()
}
