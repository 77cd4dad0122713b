import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { runPipeline } from '../../../lambda/jobs/pipeline.ts'
import { Settlement } from '../../../lambda/jobs/settlement.ts'
import type { Checkpointer } from '../../../lambda/settle/checkpointer.ts'
import { Ledger } from '../../../lambda/settle/ledger.ts'
import { BAD_LINE, FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'

/** Never in the way. */
const CHECKPOINTER = { hasRoom: true, note: () => undefined, room: () => Promise.resolve() } as unknown as Checkpointer

/** @param settled how many lines an earlier run has settled */
async function run(object: Buffer | string, { isAdmitted = false, settled = 0 } = {}) {
  const cloud = new MemoryCloud()
  cloud.object = Buffer.from(object)
  const opened = await cloud.ports.files.open(FILE)
  if (opened.kind !== 'open') throw new Error(opened.kind)
  const ledger = new Ledger({ watermark: { line: settled, byte: 1 } }, 100)
  const settlement = new Settlement({ file: FILE, replays: 0 }, cloud.ports, ledger)
  const context = {
    maxLineBytes: 100,
    rules: { latestTime: Infinity },
    apiKey: 'k',
    settlement,
    checkpointer: CHECKPOINTER,
    isAdmitted,
  }
  const result = await runPipeline(opened, { line: 0, byte: 0 }, context)
  await settlement.finish()
  return { result, cloud, lines: ledger.progress().counts.lines }
}

describe('the way of a line', () => {
  test('each line ends in one of four ways', async () => {
    const { result, cloud, lines } = await run([goodLine(), BAD_LINE, '', 'x'.repeat(101), goodLine(2)].join('\r\n'))
    expect(result).toEqual({ lines: 5 })
    expect(lines).toEqual({ delivered: 2, rejected: 2, undeliverable: 0, blank: 1 })
    expect(cloud.deadLetters.map(({ reason, source }) => [source.line, reason])).toEqual([
      [2, 'missing_timestamp'],
      [4, 'line_too_long'],
    ])
  })

  test('gzip is unpacked', async () => {
    const { lines } = await run(gzipSync(`${goodLine()}\n${goodLine(2)}\n`))
    expect(lines.delivered).toBe(2)
  })

  test('lines that an earlier run has settled are read again, but not sent again', async () => {
    const { result, cloud } = await run(gzipSync([1, 2, 3, 4].map(goodLine).join('\n')), { isAdmitted: true, settled: 3 })
    expect(result).toEqual({ lines: 1 })
    expect(cloud.requests).toEqual([expect.stringContaining('_p=p4')])
  })
})

describe('a file is refused as a whole', () => {
  // prettier-ignore
  test.each([
    //  if it is              bytes                                 reason
    [ 'not text',             Buffer.from('%PDF-1.7 …'),            'unsupported_format' ],
    [ 'not JSON lines',       'name,age\na,1\nb,2\n',               'not_line_delimited_json' ],
    [ 'damaged gzip',         gzipSync(goodLine()).fill(0, 10),     'object_unreadable' ],
  ])('%s', async (_what, bytes, reason) => {
    const { result, cloud } = await run(bytes)
    expect(result).toMatchObject({ lines: 0, refusal: { reason } })
    expect(cloud.requests).toEqual([])
    expect(cloud.deadLetters).toEqual([])
  })

  test('a zip archive with several files, before a line of the first one is sent', async () => {
    const { result, cloud } = await run(readFileSync('test/lambda/read/unpack/made-by-tools/several.zip'))
    expect(result).toMatchObject({ lines: 0, refusal: { reason: 'unsupported_format' } })
    expect(result.refusal?.detail).toContain('a zip archive with 3 files; unpack it, and import each file')
    expect(cloud.requests).toEqual([])
  })

  test('but not if an earlier run has admitted it', async () => {
    expect((await run('name,age\na,1\nb,2\n', { isAdmitted: true })).result).toEqual({ lines: 3 })
  })

  test('the lines before the point where a file is damaged are settled', async () => {
    const whole = gzipSync(Array.from({ length: 2_000 }, (_, index) => goodLine(index)).join('\n'))
    const { result, lines } = await run(whole.subarray(0, whole.length / 2))
    expect(result.refusal).toMatchObject({ reason: 'object_unreadable' })
    expect(result.lines).toBeGreaterThan(0)
    expect(lines.delivered).toBe(result.lines)
  })
})
