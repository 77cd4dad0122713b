import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { openLines, type Line, type Reading } from '../../../lambda/read/lines.ts'
import { bodyOf } from './oracle.ts'

async function outcomeOf({ batches }: Reading): Promise<{ lines: Line[]; error: unknown }> {
  const lines: Line[] = []
  try {
    for await (const batch of batches) lines.push(...batch)
    return { lines, error: undefined }
  } catch (error) {
    return { lines, error }
  }
}

async function* breaksAfter(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
  throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

describe('if a body breaks off, all complete lines come out, then its error, and no partial line', () => {
  const thousands = Buffer.from('a\n'.repeat(3_000))

  // prettier-ignore
  test.each([
    //  where                           what has arrived                                                lines
    [ 'before its first byte',          [],                                                             0 ],
    [ 'after its first byte',           [Buffer.from('o')],                                             0 ],
    [ 'inside its byte order mark',     [Buffer.from('efbb', 'hex')],                                   0 ],
    [ 'after its byte order mark',      [Buffer.from('efbbbf', 'hex')],                                 0 ],
    [ 'inside its first line',          [Buffer.from('open')],                                          0 ],
    [ 'after its first line',           [Buffer.from('a\n')],                                           1 ],
    [ 'after many lines',               [thousands, thousands, Buffer.from('open')],                    6_000 ],
    [ 'inside a long line',             [thousands, Buffer.alloc(1_000, 'long')],                       3_000 ],
    [ 'after the first byte of gzip',   [Buffer.from([0x1f])],                                          0 ],
    [ 'after the header of gzip',       [gzipSync('open').subarray(0, 10)],                             0 ],
    [ 'inside gzip data',               [gzipSync(`${'a\n'.repeat(3_000)}open`).subarray(0, -9)],       3_000 ],
  ])('%s', async (_where, chunks, count) => {
    const { lines, error } = await outcomeOf(await openLines(bodyOf(breaksAfter(chunks)), { maxLineBytes: 100 }))
    expect(error).toMatchObject({ message: 'socket hang up', code: 'ECONNRESET' })
    expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: count }, () => 'a'))
  })

  test('a body that is closed without an error is an error too', async () => {
    const body = new PassThrough()
    body.write('a\nopen')
    const reading = openLines(body, { maxLineBytes: 100 })
    body.destroy()
    expect((await outcomeOf(await reading)).error).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })
})

describe('leaving the loop early closes the body', () => {
  const lines = Buffer.from('a\n'.repeat(5_000))

  // prettier-ignore
  test.each([
    //  a body that                         the body
    [ 'never ends',              () => Readable.from(endless(lines), { objectMode: false }) ],
    [ 'never ends, as gzip',     () => Readable.from(endless(gzipSync(lines)), { objectMode: false }) ],
    [ 'stalls',                  () => stalledAfter(lines) ],
    [ 'stalls, as gzip',         () => stalledAfter(gzipSync(Buffer.concat([lines, randomBytes(20_000)]))) ],
    [ 'has ended',               () => bodyOf([lines]) ],
  ])('of a body that %s', async (_what, open) => {
    const body = open()
    const closed = new Promise((resolve) => body.once('close', resolve))
    const { batches } = await openLines(body, { maxLineBytes: 100 })
    for await (const _batch of batches) break
    await closed
    expect(body.destroyed).toBe(true)
  })

  function* endless(chunk: Buffer): Generator<Buffer> {
    for (;;) yield chunk
  }

  function stalledAfter(chunk: Buffer): Readable {
    const body = new Readable({ read: () => undefined })
    body.push(chunk)
    return body
  }
})

test('a slow reader slows down the body (backpressure)', async () => {
  let chunks = 0
  function* counted(): Generator<Buffer> {
    for (;;) {
      chunks += 1
      yield Buffer.alloc(65_536, 'some line\n')
    }
  }
  const { batches } = await openLines(bodyOf(counted()), { maxLineBytes: 100 })
  for await (const _batch of batches) {
    for (let turn = 0; turn < 1_000; turn += 1) await new Promise(setImmediate) // enough time to read more than the streams may buffer
    break
  }
  expect(chunks).toBeLessThan(16)
})
