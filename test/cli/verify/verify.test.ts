import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { verify } from '../../../cli/verify/verify.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { receiptKey } from '../../../lambda/keys.ts'
import type { Receipt } from '../../../lambda/report/receipt.ts'
import { BAD_LINE, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const LINES = Buffer.from([goodLine(1), BAD_LINE, '', goodLine(2), ''].join('\n'))

let dir = ''
let said = ''

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-verify-'))
  said = ''
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(async () => {
  jest.restoreAllMocks()
  await rm(dir, { recursive: true })
})

function receiptOf(cloud: MemoryCloud): Receipt | undefined {
  return cloud.read(receiptKey(FILE)) as Receipt | undefined
}

async function importAll(cloud: MemoryCloud): Promise<void> {
  for (let task: Task | undefined = newTask(FILE); task !== undefined; task = cloud.queued.shift()?.task)
    await importFile(task, cloud.ports, invocation())
}

async function imported(object: Buffer, options: ConstructorParameters<typeof MemoryCloud>[0] = {}): Promise<MemoryCloud> {
  const cloud = new MemoryCloud(options)
  cloud.object = object
  await importAll(cloud)
  return cloud
}

/** Writes both to files, and verifies them. */
async function verified(object: Buffer | string, receipt: unknown): Promise<number> {
  await writeFile(path.join(dir, 'a.json'), object)
  await writeFile(path.join(dir, 'receipt.json'), typeof receipt === 'string' ? receipt : JSON.stringify(receipt))
  return verify(path.join(dir, 'a.json'), path.join(dir, 'receipt.json'))
}

describe('the receipt of a file that was imported is about this file', () => {
  const large = Buffer.from(Array.from({ length: 400 }, (_, index) => goodLine(index)).join('\n'))

  // prettier-ignore
  test.each<[string, Buffer, ConstructorParameters<typeof MemoryCloud>[0], number]>([
    //  the file                its content             and how it is imported                  ranges
    [ 'with rejected lines',    LINES,                  {},                                     1 ],
    [ 'that was split',         large,                  { limits: { segmentBytes: 4_000 } },    4 ],
    [ 'that is compressed',     gzipSync(large),        {},                                     1 ],
    [ 'that is CSV',            Buffer.from('Identity,Timestamp,Event\na,1393344604,e\nb,never,e\n'), {}, 1 ],
    [ 'without lines',          Buffer.alloc(0),        {},                                     1 ],
  ])('%s', async (_what, object, options, ranges) => {
    const cloud = await imported(object, options)
    const receipt = receiptOf(cloud)
    expect(await verified(object, receipt)).toBe(0)
    expect(receipt?.ranges.length).toBe(ranges)
    const { total: _total, ...lines } = cloud.report!.lines
    for (const [result, count] of Object.entries(lines) as [keyof typeof lines, number][])
      expect(receipt?.ranges.reduce((sum, range) => sum + range.lines[result], 0)).toBe(count)
    if (ranges === 1) expect(receipt?.ranges[0]?.sha256).toBe(createHash('sha256').update(object).digest('hex'))
    expect(said).toContain(`Seal of the receipt: ${receipt?.seal ?? ''}`)
  })

  test('that was continued after an outage', async () => {
    const cloud = new MemoryCloud()
    cloud.object = large
    cloud.answer = () => (cloud.requests.length > 50 ? DOWN : { kind: 'status', status: 200, contentType: 'image/gif' })
    await importFile(newTask(FILE), cloud.ports, invocation())
    expect(receiptOf(cloud)).toBeUndefined()
    cloud.answer = () => ({ kind: 'status', status: 200, contentType: 'image/gif' })
    for (let next = cloud.queued.shift(); next !== undefined; next = cloud.queued.shift()) {
      await cloud.clock.sleep(next.delaySeconds * 1_000)
      await importFile(next.task, cloud.ports, invocation())
    }
    expect(cloud.report).toMatchObject({ state: 'complete' })
    expect(await verified(large, receiptOf(cloud))).toBe(0)
  })

  test('wherever the import is killed: there is no receipt, or one that is right', async () => {
    const writes = (await countedWrites(undefined)).count
    expect(writes).toBeGreaterThan(3)
    for (let kill = 1; kill <= writes; kill += 1) {
      const { cloud } = await countedWrites(kill)
      await cloud.clock.sleep(60_000) // until the lease has ended
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ lines: { total: 4 } })
      const receipt = receiptOf(cloud)
      if (receipt !== undefined) expect(await verified(LINES, receipt)).toBe(0)
    }
  })

  /** @param kill the write that fails, with all after it */
  async function countedWrites(kill: number | undefined) {
    const cloud = new MemoryCloud()
    cloud.object = LINES
    let count = 0
    cloud.onWrite = () => {
      count += 1
      if (kill !== undefined && count >= kill) throw new Error('killed')
    }
    await importAll(cloud).catch(() => undefined)
    cloud.onWrite = () => undefined
    return { cloud, count }
  }
})

// prettier-ignore
test.each<[string, Buffer | Error, { segmentBytes?: number }]>([
  [ 'was rejected as a whole',        Buffer.from('a,b\n1,2\n3,4\n'),                  {} ],
  [ 'is damaged',                     gzipSync(LINES).subarray(0, -9),                 {} ],
])('a file that %s has no receipt', async (_what, object) => {
  const cloud = await imported(object as Buffer)
  expect(cloud.report).toMatchObject({ state: 'failed' })
  expect(receiptOf(cloud)).toBeUndefined()
})

describe('a change is noticed', () => {
  const changed = (change: (receipt: Receipt) => unknown) => async () => {
    const receipt = receiptOf(await imported(LINES))
    return verified(LINES, change(receipt!))
  }
  const firstRange = (receipt: Receipt, change: object) => ({ ...receipt, ranges: [{ ...receipt.ranges[0], ...change }] })

  // prettier-ignore
  test.each<[string, (receipt: Receipt) => unknown]>([
    [ 'a count',              (receipt) => firstRange(receipt, { lines: { ...receipt.ranges[0]!.lines, rejected: 0 } }) ],
    [ 'a hash',               (receipt) => firstRange(receipt, { sha256: '0'.repeat(64) }) ],
    [ 'a link of the chain',  (receipt) => firstRange(receipt, { chain: '0'.repeat(64) }) ],
    [ 'the seal',             (receipt) => ({ ...receipt, seal: '0'.repeat(64) }) ],
    [ 'the name of the file', (receipt) => ({ ...receipt, file: { ...receipt.file, key: 'incoming/b.json' } }) ],
    [ 'the date',             (receipt) => ({ ...receipt, writtenAt: '2030-01-01T00:00:00.000Z' }) ],
    [ 'the rules',            (receipt) => ({ ...receipt, fixedBy: { trim: 3 } }) ],
    [ 'a range less',         (receipt) => ({ ...receipt, ranges: [] }) ],
  ])('in the receipt: %s', async (_what, change) => {
    expect(await changed(change)()).toBe(1)
    expect(said).toContain('the receipt was changed after it was written')
  })

  // prettier-ignore
  test.each<[string, (file: Buffer) => Buffer, string]>([
    //  in the file                     how                                                 what is said
    [ 'a byte',                         (file) => file.fill('b', 8, 9),                     'differs from the file that was imported' ],
    [ 'a line more',                    (file) => Buffer.concat([file, Buffer.from('x\n')]), 'It is another file, or another version' ],
    [ 'nothing left',                   () => Buffer.alloc(0),                              'It is another file, or another version' ],
  ])('in the file: %s', async (_what, change, message) => {
    const receipt = receiptOf(await imported(LINES))
    expect(await verified(change(Buffer.from(LINES)), receipt)).toBe(1)
    expect(said).toContain(message)
  })

  // prettier-ignore
  test.each([
    [ 'not JSON',               'x',                                                        'is not a receipt of the importer' ],
    [ 'a report',               '{"schema":"kissmetrics-importer/report/v1"}',              'is not a receipt of the importer' ],
    [ 'of a newer version',     '{"schema":"kissmetrics-importer/receipt/v2"}',             'newer version' ],
  ])('a receipt that is %s is refused', async (_what, receipt, message) => {
    await expect(verified(LINES, receipt)).rejects.toThrow(message)
  })

  test('a file that does not exist is named', async () => {
    await expect(verify(path.join(dir, 'none'), path.join(dir, 'none.receipt.json'))).rejects.toThrow('there is no such file')
  })
})

test('docs/receipts.md computes the chain in the same way', async () => {
  const object = Buffer.from(`${goodLine()}\n`)
  const { seal, ranges, ...head } = receiptOf(await imported(object))!
  const hash = (values: unknown[]) => createHash('sha256').update(JSON.stringify(values)).digest('hex')
  let link = hash([head])
  for (const { byteStart, byteEnd, sha256, lines } of ranges) {
    const { delivered, rejected, undeliverable, blank } = lines
    link = hash([link, byteStart, byteEnd, sha256, { delivered, rejected, undeliverable, blank }])
  }
  expect(link).toBe(seal)
  expect(await readFile('docs/receipts.md', 'utf8')).toContain(
    '[link, byteStart, byteEnd, sha256, {delivered, rejected, undeliverable, blank}]',
  )
})
