import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { countMessages } from '../../cli/deployment/queue-depth.ts'
import { checkpointKey } from '../../lambda/keys.ts'
import type { Checkpoint } from '../../lambda/settle/checkpoint.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { Installation } from '../support/installation.ts'

const line = (n: number): string => `{"_p":"p${n}","_t":1393344604,"_n":"Signed Up","n":${n}}`
const lines = (count: number): string => Array.from({ length: count }, (_, index) => line(index + 1)).join('\n')
const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Numbers of the accepted lines, sorted, each as often as it was accepted. */
function acceptedLines(requests: ReadonlyMap<string, number>): readonly number[] {
  return [...requests]
    .flatMap(([target, times]) => Array.from({ length: times }, () => Number(/[?&]n=(\d+)/.exec(target)?.[1])))
    .toSorted((a, b) => a - b)
}

function eventOf(key: string, versionId: string | undefined): string {
  const s3 = { bucket: { name: BUCKET }, object: { key, versionId } }
  return JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] })
}

describe('an invocation that runs out of time', () => {
  test('requeues the rest, so that a long file is imported completely and no line twice', async () => {
    await using sink = await startFaultSink(() => ({ kind: 'slow', ms: 10 }))
    await using installation = await Installation.start(sink.url, { KM_MAX_IN_FLIGHT: '1' }, { timeoutMs: 2_000 })
    const report = await installation.import('long.json', lines(300))
    expect(report).toMatchObject({ state: 'complete', lines: { total: 300, delivered: 300 }, repeatsPossible: 0 })
    expect(report.invocations).toBeGreaterThanOrEqual(3)
    expect(acceptedLines(sink.taken)).toEqual(range(1, 300))
  })

  test('fails if it has not finished a single line, so that requeueing comes to an end', async () => {
    await using sink = await startFaultSink(() => ({ kind: 'stall' }))
    await using installation = await Installation.start(sink.url, {}, { timeoutMs: 2_000 })
    const { VersionId } = await installation.cloud.s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: 'other/a.json', Body: line(1) }),
    )
    const event = { ...JSON.parse(eventOf('other/a.json', VersionId)) } as unknown
    await expect(installation.invoke(event, 2_000)).rejects.toThrow('ended where it began, at line 0')
    expect(await countMessages(installation.cloud.sqs, installation.cloud.importQueueUrl)).toBe(0)
  })
})

describe('a large file', () => {
  const NO_TIME = '{"_p":"a","_n":"Signed Up"}'
  const text = (count: number): string =>
    range(1, count)
      .map((n) => (n % 97 === 0 ? NO_TIME : n % 101 === 0 ? '' : line(n)))
      .join('\n')

  test('is imported in segments, and its lines keep their numbers in the report and in dead letters', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url, { KM_SEGMENT_BYTES: '65536' })
    const body = text(8_000)
    const report = await installation.import('large.json', body)
    const bad = range(1, 8_000).filter((n) => n % 97 === 0)
    const blank = range(1, 8_000).filter((n) => n % 97 !== 0 && n % 101 === 0)
    expect(report).toMatchObject({
      state: 'complete-with-rejects',
      lines: { total: 8_000, delivered: 8_000 - bad.length - blank.length, rejected: bad.length, blank: blank.length },
      rejectedBy: { missing_timestamp: { count: bad.length, examples: bad.slice(0, 20).map((n) => ({ line: n })) } },
      repeatsPossible: 0,
    })
    const segments = report.segments ?? []
    expect(segments.length).toBe(Math.ceil(body.length / 65_600))
    expect(segments.map(({ index }) => index)).toEqual(range(1, segments.length))
    expect(segments.map(({ lines, settled }) => lines - settled)).toEqual(segments.map(() => 0))
    const deadLetters = await installation.receiveDeadLetters()
    expect(deadLetters.map(({ source }) => source.line)).toEqual(bad)
    for (const { source, line: bytes } of deadLetters) expect(body.slice(source.byteStart, source.byteEnd)).toBe(bytes)
    expect(new Set(acceptedLines(sink.taken)).size).toBe(report.lines.delivered)
  })

  test('that is not JSON lines is rejected with one dead letter before any line is sent', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url, { KM_SEGMENT_BYTES: '65536' })
    const report = await installation.import('large.json', 'email,event,time\n'.repeat(20_000))
    expect(report).toMatchObject({ state: 'failed', failure: { reason: 'not_line_delimited_json' }, lines: { total: 0 } })
    expect(await installation.receiveDeadLetters()).toMatchObject([{ kind: 'file', reason: 'not_line_delimited_json' }])
    expect(sink.seen).toEqual([])
  })
})

describe('a second message for the same file', () => {
  test('is skipped after the import', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const { file } = await installation.import('a.json', lines(5))
    await installation.sendToImportQueue(eventOf(file.key, file.versionId))
    await installation.logged('file_skipped')
    expect(acceptedLines(sink.taken)).toEqual(range(1, 5))
  })

  test('is acknowledged during the import, which continues', async () => {
    const second = Promise.withResolvers<undefined>()
    await using sink = await startFaultSink(() => ({ kind: 'held', until: second.promise }))
    await using installation = await Installation.start(sink.url, { KM_MAX_IN_FLIGHT: '2' })
    const { s3 } = installation.cloud
    const key = 'incoming/twice.json'
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: lines(200) }))
    await installation.sendToImportQueue(eventOf(key, VersionId))
    await installation.logged('task_busy')
    second.resolve(undefined)
    expect(await installation.finalReport(key, VersionId)).toMatchObject({ lines: { delivered: 200 }, invocations: 1 })
    expect(acceptedLines(sink.taken)).toEqual(range(1, 200))
  })
})

test('without a readable checkpoint the import starts again, and the report says how many lines may be repeated', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  const { s3 } = installation.cloud
  const file = { bucket: BUCKET, key: 'other/a.json' }
  const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: file.key, Body: lines(7) }))
  const key = checkpointKey({ ...file, versionId: VersionId }, 1)
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: '{"schema":"of another ti' }))
  await installation.sendToImportQueue(eventOf(file.key, VersionId))
  expect(await installation.finalReport(file.key, VersionId)).toMatchObject({ lines: { delivered: 7 }, repeatsPossible: 7 * 41 })
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
  expect(JSON.parse((await Body?.transformToString()) ?? '') as Checkpoint).toMatchObject({
    isDone: true,
    watermark: { line: 7 },
  })
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'checkpoints/' }))
  expect(Contents).toHaveLength(1)
})
