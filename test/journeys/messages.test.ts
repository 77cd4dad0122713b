import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { ArchivedFiles } from '../../cli/rejects/archived-files.ts'
import type { ArchivedDeadLetter } from '../../lambda/archive/archived.ts'
import { createWaitingHandler } from '../../lambda/app.ts'
import { SetupError } from '../../lambda/errors.ts'
import type { Log } from '../../lambda/events.ts'
import { ARCHIVE_SCHEMA } from '../../lambda/keys.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { startFaultSink, status, TAKEN } from '../support/fault-sink.ts'
import { Installation } from '../support/installation.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const BAD = '{"_p":"a","_n":"Signed Up"}'

function eventOf(key: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: BUCKET }, object: { key, ...extra } },
  }
}

describe('a message in the import queue', () => {
  test('a second event for the same file imports nothing', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const report = await installation.import('a.json', GOOD)
    await installation.sendToImportQueue(
      JSON.stringify({ Records: [eventOf('incoming/a.json', { versionId: report.file.versionId })] }),
    )
    await installation.idle()
    expect(sink.seen).toHaveLength(1)
    await installation.logged('file_skipped')
  })

  test('all files of a message are imported, even if one of them is missing', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const { s3 } = installation.cloud
    for (const key of ['other/a b.json', 'other/c.json'])
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: GOOD }))
    const events = [eventOf('other/missing.json'), eventOf('other/a+b.json'), eventOf('other/c.json')]
    await installation.sendToImportQueue(JSON.stringify({ Records: events }))
    await installation.idle()
    expect(sink.seen).toHaveLength(2)
    expect(installation.entries).toContainEqual(
      expect.objectContaining({ facts: { code: 'file_missing', key: 'other/missing.json', state: 'gone' } }),
    )
  })

  test('an S3 event without a queue is imported', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'other/a.json', Body: GOOD }))
    expect(await installation.invoke({ Records: [eventOf('other/a.json')] })).toBeUndefined()
    expect(sink.seen).toHaveLength(1)
  })

  test('an S3 event without a queue is queued while the setup is wrong', async () => {
    await using sink = await startFaultSink(() => status(401))
    await using installation = await Installation.start(sink.url)
    await installation.cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'other/a.json', Body: GOOD }))
    await installation.idle()
    expect(await installation.invoke({ Records: [eventOf('other/a.json')] })).toBeUndefined()
    expect(await installation.waitingMessages()).toBe(1)
    expect((await installation.logged('setup_wrong')).facts.detail).toContain('The endpoint does not take requests')
  })

  // prettier-ignore
  test.each([
    //  what                    body
    [ 'the test event of S3',   { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: BUCKET } ],
    [ 'a deleted object',       { Records: [{ ...eventOf('incoming/a.json'), eventName: 'ObjectRemoved:Delete' }] } ],
    [ 'our own report',         { Records: [eventOf('reports/incoming/a.json/v/report.json')] } ],
  ])('%s is acknowledged and ignored', async (_what, body) => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.sendToImportQueue(JSON.stringify(body))
    await installation.idle()
    expect(sink.seen).toEqual([])
    expect(await installation.receiveDeadLetterBodies()).toEqual([])
  })

  test('a message that the importer does not understand stays in the queue', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const answer = await installation.invoke({
      Records: [{ eventSource: 'aws:sqs', messageId: 'm', receiptHandle: 'r', body: 'what?', attributes: {} }],
    })
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] })
    expect(installation.entries).toContainEqual(
      expect.objectContaining({ level: 'error', facts: expect.objectContaining({ code: 'message_unknown' }) as unknown }),
    )
  })

  test('an object that was replaced before it was read is reported as superseded and not imported', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const { s3 } = installation.cloud
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'other/a.json', Body: GOOD }))
    await installation.invoke({ Records: [eventOf('other/a.json', { eTag: '00000000000000000000000000000000' })] })
    expect(installation.entries).toContainEqual(
      expect.objectContaining({ facts: { code: 'file_missing', key: 'other/a.json', state: 'superseded' } }),
    )
    expect(sink.seen).toEqual([])
  })

  test('an old version is imported although it was deleted since', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const { s3 } = installation.cloud
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'other/a.json', Body: GOOD }))
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'other/a.json' }))
    await installation.invoke({ Records: [eventOf('other/a.json', { versionId: VersionId })] })
    expect(sink.seen).toHaveLength(1)
  })
})

describe('a function whose settings are wrong', () => {
  const cause = new SetupError('KM_MAX_IN_FLIGHT is "many".')
  const context = { getRemainingTimeInMillis: () => 60_000 }
  const record = { eventSource: 'aws:sqs', messageId: 'm', receiptHandle: 'r', body: '{"any":"message"}', attributes: {} }

  test('replaces each message by a new one, so that none uses up its deliveries', async () => {
    await using installation = await Installation.start('https://unused.example')
    const { importQueueUrl } = installation.cloud
    await installation.idle()
    const entries: string[] = []
    const handler = createWaitingHandler(cause, { KM_IMPORT_QUEUE_URL: importQueueUrl }, logOf(entries))
    expect(await handler({ Records: [record] }, context)).toEqual({ batchItemFailures: [] })
    expect(await installation.waitingMessages()).toBe(1)
    expect(entries).toEqual(['setup_wrong', 'SetupErrors'])
  })

  test('keeps its messages if it does not know the queue, or SQS does not accept the new ones', async () => {
    const unknown = createWaitingHandler(cause, {}, logOf([]))
    await expect(unknown({ Records: [record] }, context)).rejects.toThrow('KM_MAX_IN_FLIGHT is "many".')
    await using installation = await Installation.start('https://unused.example')
    const missing = createWaitingHandler(cause, { KM_IMPORT_QUEUE_URL: `${installation.cloud.importQueueUrl}-none` }, logOf([]))
    expect(await missing({ Records: [record] }, context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] })
  })

  function logOf(entries: string[]): Log {
    const note = (_sentence: string, { code }: { readonly code: string }) => void entries.push(code)
    return { info: note, warn: note, error: note, count: (metric) => void entries.push(metric) }
  }
})

describe('replayed dead letters', () => {
  test('a line that is still invalid is rejected again, and its replays are counted', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', `${GOOD}\n${BAD}`)
    await installation.redrive()
    const [once] = await installation.rejectedDeadLetters(1, 1)
    expect(once).toMatchObject({
      kind: 'line',
      reason: 'missing_timestamp',
      line: BAD,
      source: { key: 'incoming/a.json', line: 2 },
    })
    await installation.sendToImportQueue(JSON.stringify(once))
    const [twice] = await installation.rejectedDeadLetters(1, 2)
    expect(twice).toEqual({ ...once, replays: 2, failedAt: twice?.failedAt })
    expect(sink.seen).toHaveLength(1)
  })

  test('a line that the endpoint now accepts is delivered', async () => {
    let isRefused = true
    await using sink = await startFaultSink(({ target }) => (isRefused && target.includes('_p=b') ? status(413) : TAKEN))
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', `${GOOD}\n{"_p":"b","_t":1393344604,"_n":"Paid"}`)
    isRefused = false
    await installation.redrive()
    await installation.logged('dead_letter_replayed')
    expect(sink.taken.size).toBe(2)
    expect(await installation.receiveDeadLetters()).toEqual([])
  })

  test('the whole line is read from the file if the dead letter has only a part of it', async () => {
    let isRefused = true
    await using sink = await startFaultSink(() => (isRefused ? status(413) : TAKEN))
    await using installation = await Installation.start(sink.url)
    const long = `{"_p":"b","_t":1393344604${Array.from({ length: 30 }, (_, index) => `,"n${index}":"${'x'.repeat(2_000)}"`).join('')}}`
    await installation.import('a.json', `${GOOD}\n${long}`)
    const deadLetters = await installation.receiveDeadLetters()
    isRefused = false
    const cut: DeadLetter = { ...deadLetters[1]!, line: long.slice(0, 100), lineTruncated: true }
    await installation.sendToImportQueue(JSON.stringify(cut))
    await installation.logged('dead_letter_replayed')
    expect([...sink.taken.keys()].some((request) => request.includes('n29='))).toBe(true)
  })

  test('a rejected file is imported again', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const report = await installation.import('a.json', '[\n1\n]')
    expect(report.state).toBe('failed')
    await installation.redrive()
    const [deadLetter] = await installation.rejectedDeadLetters(1, 1)
    expect(deadLetter).toMatchObject({ kind: 'file', reason: 'not_line_delimited_json', replays: 1 })
  })

  test('a dead letter whose line cannot be sent now waits in the queue', async () => {
    await using sink = await startFaultSink(() => status(403))
    await using installation = await Installation.start(sink.url)
    const deadLetter = {
      schema: 'kissmetrics-importer/dead-letter/v1',
      kind: 'line',
      reason: 'endpoint_refused',
      detail: '',
      source: { bucket: BUCKET, key: 'incoming/a.json', line: 1 },
      line: GOOD,
      attempts: 1,
      replays: 0,
      failedAt: '2026-01-01T00:00:00Z',
    }
    const record = {
      eventSource: 'aws:sqs',
      messageId: 'm',
      receiptHandle: 'r',
      body: JSON.stringify(deadLetter),
      attributes: {},
    }
    await installation.idle()
    expect(await installation.invoke({ Records: [record] })).toEqual({ batchItemFailures: [] })
    expect(await installation.waitingMessages()).toBe(1)
  })

  test('a line that failed at three replays is quarantined, and a redrive no longer sends it', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', `${GOOD}\n${BAD}`)
    const [deadLetter] = await installation.receiveDeadLetters()
    await installation.sendToImportQueue(JSON.stringify({ ...deadLetter, replays: 2 }))
    await installation.logged('dead_letter_quarantined')
    await installation.idle()
    expect(await installation.receiveDeadLetterBodies()).toEqual([])
    const [quarantined] = await archivedDeadLetters(installation)
    expect(quarantined).toMatchObject({ why: 'replayed' })
    expect(JSON.parse(quarantined!.body)).toMatchObject({ line: BAD, replays: 3, source: deadLetter!.source })
  })

  test('a file that failed at three replays is quarantined too', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', '[\n1\n]')
    const [deadLetter] = await installation.receiveDeadLetters()
    await installation.sendToImportQueue(JSON.stringify({ ...deadLetter, replays: 2 }))
    await installation.logged('dead_letter_quarantined')
    await installation.idle()
    expect(await installation.receiveDeadLetterBodies()).toEqual([])
    expect((await archivedDeadLetters(installation)).map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { kind: 'file', reason: 'not_line_delimited_json', replays: 3 },
    ])
  })
})

describe('the daily archive job', () => {
  test('leaves new dead letters in their queue, visible', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', `${GOOD}\n${BAD}`)
    await installation.sendToImportQueue(JSON.stringify({ schema: ARCHIVE_SCHEMA }))
    expect((await installation.logged('no_old_dead_letters')).facts).toMatchObject({ seen: 1, isWhole: true })
    expect(await installation.receiveDeadLetters()).toHaveLength(1)
    expect(await archivedDeadLetters(installation)).toEqual([])
  })
})

async function archivedDeadLetters({ cloud: { s3 } }: Installation): Promise<readonly ArchivedDeadLetter[]> {
  const deadLetters: ArchivedDeadLetter[] = []
  await new ArchivedFiles(s3, BUCKET).readAll((deadLetter) => deadLetters.push(deadLetter), new AbortController().signal)
  return deadLetters
}
