import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { stringify } from 'csv-stringify/sync'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { surveyLines } from '../../../lambda/jobs/survey-lines.ts'
import { RULES_KEY } from '../../../lambda/keys.ts'
import { RULES_SCHEMA } from '../../../lambda/rules/rule-set.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { ACCEPTED, DOWN, FILE, goodLine, invocation, MemoryCloud, type MemoryCloudOptions } from '../../support/memory-cloud.ts'

/** @param content of the file */
async function imported(content: string | Buffer, options: MemoryCloudOptions = {}): Promise<MemoryCloud> {
  const cloud = new MemoryCloud(options)
  cloud.object = Buffer.from(content)
  await importFile(newTask(FILE), cloud.ports, invocation())
  return cloud
}

const CSV = [
  'Identity,Timestamp,Event,Prop:Comment',
  'bob,1393344604,Signed Up,"two',
  'lines, and ""quotes"""',
  '',
  'ann,yesterday,Signed Up,',
  'eve,1393344605,Signed Up',
  'joe,1393344606,Signed Up,',
].join('\n')

describe('a CSV file', () => {
  test('is imported like its JSON lines', async () => {
    const cloud = await imported(CSV)
    const json = await imported(
      [
        '{"_p":"bob","_t":1393344604,"_n":"Signed Up","Comment":"two\\nlines, and \\"quotes\\""}',
        '{"_p":"joe","_t":1393344606,"_n":"Signed Up"}',
      ].join('\n'),
    )
    expect(cloud.requests).toEqual(json.requests)
    expect(cloud.report).toMatchObject({
      state: 'complete-with-rejects',
      // The row with the names and the empty one are blank.
      lines: { total: 6, delivered: 2, rejected: 2, undeliverable: 0, blank: 2 },
    })
  })

  test('has dead letters with the line that a row means, the row itself, and its place', async () => {
    const { deadLetters } = await imported(CSV)
    expect(deadLetters).toEqual([
      expect.objectContaining({
        reason: 'invalid_timestamp',
        line: '{"_p":"ann","_t":"yesterday","_n":"Signed Up"}',
        row: 'ann,yesterday,Signed Up,',
        source: expect.objectContaining({ line: 4, format: 'csv' }) as unknown,
      }),
      expect.objectContaining({
        reason: 'invalid_row',
        detail: expect.stringContaining('(it has 3 cells, but row 1 has 4 columns)') as unknown,
        line: 'eve,1393344605,Signed Up',
        source: expect.objectContaining({ line: 5, format: 'csv' }) as unknown,
      }),
    ])
    for (const { row, line = '', source } of deadLetters)
      expect(Buffer.from(CSV).subarray(source.byteStart, source.byteEnd).toString()).toBe(row ?? line)
  })

  test('has a whole line in the dead letter of a row that is longer than its line', async () => {
    const { deadLetters } = await imported(`Identity,Timestamp,Event\na,never,e${','.repeat(100)}\n`)
    expect(deadLetters).toMatchObject([{ line: '{"_p":"a","_t":"never","_n":"e"}', row: `a,never,e${','.repeat(100)}` }])
    expect(deadLetters[0]).not.toHaveProperty('lineTruncated')
  })

  test('is surveyed like its JSON lines before the import', async () => {
    const surveyed = async (content: string) => {
      const cloud = new MemoryCloud()
      cloud.object = Buffer.from(content)
      const opened = await cloud.ports.files.open(FILE)
      if (opened.kind !== 'open') throw new Error(opened.kind)
      const context = { maxLineBytes: 1_024, isAdmitted: false, rules: [], ending: new AbortController().signal }
      return surveyLines(opened, { line: 0, byte: 0 }, context)
    }
    expect(await surveyed('Identity,Timestamp,Event\nbob,1393344604,"a\nb"\n')).toEqual(
      await surveyed('\n{"_p":"bob","_t":1393344604,"_n":"a\\nb"}\n'),
    )
    expect(await surveyed('Identity,Event\n')).toMatchObject({ refused: 'invalid_csv' })
  })

  test('is never split', async () => {
    const cloud = await imported(CSV, { limits: { segmentBytes: 40 } })
    expect(cloud.report).not.toHaveProperty('segments')
    expect(cloud.report).toMatchObject({ lines: { total: 6 } })
  })

  test('with a fault in its first row is rejected with one dead letter', async () => {
    const cloud = await imported('Identity,Event\nbob,Signed Up\n')
    expect(cloud.report).toMatchObject({ state: 'failed', failure: { reason: 'invalid_csv' }, lines: { total: 0 } })
    expect(cloud.deadLetters).toMatchObject([{ kind: 'file', reason: 'invalid_csv' }])
    expect(cloud.requests).toEqual([])
  })

  test('that ends within quotes is imported up to there', async () => {
    const cloud = await imported('Identity,Timestamp,Event\na,1393344604,e\nb,1393344604,"e\nc,1393344604,e\n')
    expect(cloud.report).toMatchObject({
      state: 'failed',
      failure: {
        reason: 'object_unreadable',
        detail: expect.stringContaining('the quote that opens in row 3, column 3, is never closed') as unknown,
      },
      lines: { total: 2, delivered: 1, blank: 1 },
    })
    expect(cloud.requests).toHaveLength(1)
  })

  test('with the columns of a mapping', async () => {
    const cloud = new MemoryCloud()
    const columns = { Email: '_p', When: '_t', Action: '_n' }
    const mapping = { columns, time: 'dates', timeZone: '+01:00', separator: ';' }
    cloud.write(RULES_KEY, { schema: RULES_SCHEMA, prefixes: [{ prefix: 'incoming/', rules: [{ fix: 'columns', mapping }] }] })
    cloud.object = Buffer.from('When;Email;Action;Plan\n2014-02-25 17:10:04;bob;Signed Up;pro\n')
    await importFile(newTask(FILE), cloud.ports, invocation())
    expect(cloud.requests).toEqual((await imported('{"_t":1393344604,"_p":"bob","_n":"Signed Up"}')).requests)
  })
})

describe('a dead letter of a CSV file that is replayed', () => {
  // prettier-ignore
  test.each([
    [ 'a line that is rejected',       'a,yesterday,e' ],
    [ 'a row that is not a line',      'a,1393344604' ],
    [ 'a row that is not UTF-8',       Buffer.from('caf\xe9,1393344604,e', 'latin1') ],
    [ 'a row that is too long',        `a,1393344604,"${'x\n'.repeat(1_000)}"` ],
  ])('%s is rejected for the same reason, and keeps its row and place', async (_what, row) => {
    const cloud = await imported(Buffer.concat([Buffer.from('Identity,Timestamp,Event\n'), Buffer.from(row), Buffer.from('\n')]))
    const [first] = cloud.deadLetters
    await replayDeadLetter(first!, cloud.ports)
    const { failedAt } = cloud.deadLetters[1]!
    expect(cloud.deadLetters[1]).toMatchObject({ ...first, replays: 1, failedAt })
  })
})

describe('an import that is killed continues exactly', () => {
  const ROWS = 120
  const table = Array.from({ length: ROWS }, (_, index) => [
    `p${index}`,
    index % 10 === 9 ? 'never' : '1393344604',
    `first\nsecond, "${index}"\r\n`,
  ])
  const file = stringify([['Identity', 'Timestamp', 'Event'], ...table], { quoted_match: /[\r\n]/ })
  const COUNTS = { total: ROWS + 1, delivered: ROWS * 0.9, rejected: ROWS * 0.1, blank: 1 }

  /** @param kill the checkpoint that is not written any more @returns whether the import had ended before */
  async function killedAt(kill: number, object: Buffer): Promise<boolean> {
    const cloud = new MemoryCloud({ limits: { checkpointMs: 100 } })
    cloud.object = object
    cloud.chunkBytes = 700
    let puts = 0
    const put = cloud.ports.checkpoints.put.bind(cloud.ports.checkpoints)
    Object.assign(cloud.ports.checkpoints, {
      put: (...args: Parameters<typeof put>) => {
        puts += 1
        return puts >= kill ? Promise.reject(new Error('killed')) : put(...args)
      },
    })
    const outcome = await importFile(newTask(FILE), cloud.ports, invocation()).catch(() => undefined)
    Object.assign(cloud.ports.checkpoints, { put })
    const settled = cloud.checkpoint()?.watermark.line ?? 0
    const sentBefore = cloud.requests.length
    await cloud.clock.sleep(60_000) // until the lease has ended
    if (outcome === undefined) await importFile(newTask(FILE), cloud.ports, invocation())
    expect(cloud.report).toMatchObject({ lines: COUNTS })
    const rowsOf = (requests: readonly string[]) => requests.map((path) => Number(/_p=p(\d+)/.exec(path)?.[1]) + 2)
    expect([...new Set(rowsOf(cloud.requests))].toSorted((a, b) => a - b)).toEqual(
      table.flatMap(([, time], index) => (time === 'never' ? [] : [index + 2])),
    )
    expect(rowsOf(cloud.requests.slice(sentBefore)).filter((row) => row <= settled)).toEqual([])
    for (const { line, source } of cloud.deadLetters) expect(line).toContain(`"_p":"p${(source.line ?? 0) - 2}"`)
    return outcome !== undefined
  }

  test.each([
    ['plain', Buffer.from(file)],
    ['gzip', gzipSync(file)],
  ])('at each checkpoint, %s', async (_what, object) => {
    let kill = 2
    while (!(await killedAt(kill, object))) kill += 1
    expect(kill).toBeGreaterThan(4)
  })

  test('by an outage', async () => {
    const cloud = new MemoryCloud()
    cloud.object = Buffer.from(file)
    cloud.answer = () => (cloud.requests.length > 50 ? DOWN : ACCEPTED)
    await importFile(newTask(FILE), cloud.ports, invocation())
    expect(cloud.report).toMatchObject({ state: 'importing' })
    cloud.answer = () => ACCEPTED
    for (let next = cloud.queued.shift(); next !== undefined; next = cloud.queued.shift()) {
      await cloud.clock.sleep(next.delaySeconds * 1_000)
      await importFile(next.task, cloud.ports, invocation())
    }
    expect(cloud.report).toMatchObject({ lines: COUNTS })
  })
})

test('a first line that is text, and not a row of names, is a line', async () => {
  const cloud = await imported(`"Identity,Timestamp"\n${goodLine()}\n`)
  expect(cloud.report).toMatchObject({ lines: { total: 2, delivered: 1, rejected: 1 } })
})
