import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { gzipSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { readGroups, type WantedGroup } from '../../../cli/rejects/group-lines.ts'
import type { LineRanges } from '../../../lambda/common/line-ranges.ts'
import type { ReasonCode } from '../../../lambda/reasons.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, TestDeployment } from './fixtures.ts'

let cloud: TestDeployment
beforeAll(async () => {
  cloud = await TestDeployment.start()
})
afterAll(() => cloud[Symbol.asyncDispose]())

const NO_TIME = '{"_p":"a","_n":"x"}'
const NO_JSON = '{"_p":'
const GOOD = '{"_p":"a","_t":1393344604,"_n":"x"}'
const IN_MS = '{"_p":"a","_t":1393344604000,"_n":"x"}'

let files = 0
async function upload(body: string | Buffer, suffix = 'jsonl'): Promise<DeadLetter['source']> {
  files += 1
  const key = `incoming/file-${files}.${suffix}`
  const put = new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body })
  const { VersionId: versionId = '', ETag: etag = '' } = await cloud.deployment.s3.send(put)
  return { bucket: BUCKET, key, versionId, etag: etag.replaceAll('"', '') }
}

interface GroupOptions extends Partial<DeadLetter> {
  readonly isCoarse?: true
  readonly without?: LineRanges
}

function group(
  source: DeadLetter['source'],
  reason: ReasonCode,
  ranges: LineRanges,
  { isCoarse, without = [], ...extra }: GroupOptions = {},
): WantedGroup {
  const lineGroup = { lines: 1, ranges, examples: [], ...(isCoarse && { isCoarse }) }
  return { deadLetter: deadLetterOf('', { kind: 'group', reason, source, group: lineGroup, ...extra }), without }
}

async function read(...groups: readonly WantedGroup[]): Promise<readonly DeadLetter[]> {
  const opened = await readGroups(groups, cloud.deployment)
  if (opened.kind !== 'open') throw new Error(opened.kind)
  const lines: DeadLetter[] = []
  for await (const line of opened.lines) lines.push(line)
  return lines
}

const found = (lines: readonly DeadLetter[]) => lines.map(({ reason, source, line }) => [source.line, reason, line])

describe('the lines of a group', () => {
  test('are those of its ranges, with what a dead letter of their own would have', async () => {
    const source = await upload([GOOD, NO_TIME, GOOD, NO_TIME, NO_TIME].join('\n'))
    const lines = await read(group(source, 'missing_timestamp', [[2, 2], [4, 5]], { without: [[5, 5]], replays: 1 })) // prettier-ignore
    expect(found(lines)).toEqual([
      [2, 'missing_timestamp', NO_TIME],
      [4, 'missing_timestamp', NO_TIME],
    ])
    const byteStart = GOOD.length + 1
    expect(lines[0]).toMatchObject({
      kind: 'line',
      detail: expect.stringContaining('_t') as unknown,
      source: { ...source, line: 2, byteStart, byteEnd: byteStart + NO_TIME.length },
      replays: 1,
      failedAt: '2026-01-01T00:00:00.000Z',
    })
  })

  test('of several groups of a file are read together', async () => {
    const source = await upload([NO_TIME, NO_JSON, NO_TIME].join('\n'))
    const lines = await read(group(source, 'missing_timestamp', [[1, 1], [3, 3]]), group(source, 'invalid_json', [[2, 2]])) // prettier-ignore
    expect(found(lines)).toEqual([
      [1, 'missing_timestamp', NO_TIME],
      [2, 'invalid_json', NO_JSON],
      [3, 'missing_timestamp', NO_TIME],
    ])
  })

  test('are recognised by their reason if its ranges have other lines too', async () => {
    const source = await upload([GOOD, NO_TIME, NO_JSON, NO_TIME, ''].join('\n'))
    expect(found(await read(group(source, 'missing_timestamp', [[1, 4]], { isCoarse: true })))).toEqual([
      [2, 'missing_timestamp', NO_TIME],
      [4, 'missing_timestamp', NO_TIME],
    ])
  })

  test('are all given back if this version would no longer reject them', async () => {
    const source = await upload(`${GOOD}\n`)
    expect(found(await read(group(source, 'missing_timestamp', [[1, 1]])))).toEqual([[1, 'missing_timestamp', GOOD]])
  })

  test('are read with the import rules of their file', async () => {
    const source = await upload([IN_MS, NO_TIME].join('\n'))
    const some = group(source, 'missing_timestamp', [[1, 2]], { isCoarse: true, rules: [{ fix: 'ms-timestamps' }] })
    expect(found(await read(some))).toEqual([[2, 'missing_timestamp', NO_TIME]])
  })

  test.each([
    ['a compressed file', 'jsonl.gz', gzipSync(`${GOOD}\n${NO_TIME}\n`), NO_TIME],
    ['a CSV file', 'csv', 'Identity,Timestamp,Event\na,,x\n', '{"_p":"a","_n":"x"}'],
  ])('of %s', async (_what, suffix, body, line) => {
    const source = await upload(body, suffix)
    expect(found(await read(group(source, 'missing_timestamp', [[2, 2]])))).toEqual([[2, 'missing_timestamp', line]])
  })

  test('of a damaged file are read up to the damage', async () => {
    const packed = gzipSync(`${NO_TIME}\n`.repeat(50_000))
    const source = await upload(packed.subarray(0, packed.length / 2), 'jsonl.gz')
    const lines = await read(group(source, 'missing_timestamp', [[1, 50_000]]))
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.length).toBeLessThan(50_000)
  })
})

describe('a file that is not what it was', () => {
  test('is gone if its version was deleted', async () => {
    const source = await upload(NO_TIME)
    await cloud.deployment.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: source.key, VersionId: source.versionId }))
    expect((await readGroups([group(source, 'missing_timestamp', [[1, 1]])], cloud.deployment)).kind).toBe('gone')
  })

  test('is replaced if a bucket without versions has other content under its key', async () => {
    const { versionId: _versionId, ...source } = await upload(NO_TIME)
    await cloud.put(source.key, GOOD)
    expect((await readGroups([group(source, 'missing_timestamp', [[1, 1]])], cloud.deployment)).kind).toBe('superseded')
  })
})
