import { describe, expect, test } from '@jest/globals'
import { SetupError } from '../../../lambda/errors.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { REPORT_SCHEMA } from '../../../lambda/report/report.ts'
import { reject } from '../../../lambda/reasons.ts'
import { lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { BAD_LINE, DOWN, FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'

const LAST_MODIFIED = new Date('2026-01-01T00:00:00.000Z')

/** The dead letter of line 3 of the file. */
function deadLetterOf(text: string, extra: Partial<DeadLetter> = {}): DeadLetter {
  const line = { number: 3, byteStart: 100, byteEnd: 100 + Buffer.byteLength(text), text }
  return {
    ...lineDeadLetter({ file: FILE, replays: 0, lastModified: LAST_MODIFIED }, line, reject('endpoint_refused'), 1, 0),
    ...extra,
  }
}

async function replay(deadLetter: DeadLetter, cloud = new MemoryCloud()) {
  return { outcome: await replayDeadLetter(deadLetter, cloud.ports), cloud }
}

describe('a replayed line', () => {
  test('is delivered', async () => {
    const { outcome, cloud } = await replay(deadLetterOf(goodLine()))
    expect(outcome).toEqual({ kind: 'done' })
    expect(cloud.requests).toHaveLength(1)
    expect(cloud.deadLetters).toEqual([])
    expect(cloud.events).toMatchObject([{ facts: { code: 'dead_letter_replayed', line: 3, outcome: 'delivered' } }])
  })

  test('that is empty is blank', async () => {
    const { cloud } = await replay(deadLetterOf(''))
    expect(cloud.requests).toEqual([])
    expect(cloud.events).toMatchObject([{ facts: { outcome: 'blank' } }])
  })

  test('that is still wrong becomes a dead letter again, with the reason of today and the replay counted', async () => {
    const { outcome, cloud } = await replay(deadLetterOf(BAD_LINE, { replays: 1 }))
    expect(outcome).toEqual({ kind: 'done' })
    expect(cloud.deadLetters).toMatchObject([
      { reason: 'missing_timestamp', replays: 2, line: BAD_LINE, source: { line: 3, byteStart: 100 } },
    ])
    expect(cloud.codes).toEqual(['replay_failed'])
  })

  test('that fails for the third time is quarantined', async () => {
    const { cloud } = await replay(deadLetterOf(BAD_LINE, { replays: 2 }))
    expect(cloud.deadLetters).toEqual([])
    expect([...cloud.archivedFiles.keys()]).toEqual(['archived/quarantined/incoming/a.json/v1/line-3.jsonl'])
    expect(cloud.codes).toEqual(['dead_letter_quarantined', 'replay_failed'])
  })

  test('is checked against the date of its file, so waiting does not change the result', async () => {
    const future = goodLine().replace('1393344604', String(LAST_MODIFIED.getTime() / 1000 + 30 * 86_400))
    const cloud = new MemoryCloud()
    await cloud.clock.sleep(60 * 86_400_000)
    await replay(deadLetterOf(future), cloud)
    expect(cloud.deadLetters).toMatchObject([{ replays: 1 }])
  })
})

describe('a dead letter that contains only a part of its line', () => {
  const TRUNCATED = deadLetterOf(goodLine(), { lineTruncated: true, line: '{"_p":' })

  test('the line is read from the file', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1), goodLine(2), goodLine(3), goodLine(4))
    await replay(TRUNCATED, cloud)
    expect(cloud.requests).toEqual([expect.stringContaining('_p=p3')])
  })

  test('it is sent again as it was, with the replay counted, if the file is gone', async () => {
    const { outcome, cloud } = await replay(TRUNCATED)
    expect(outcome).toEqual({ kind: 'done' })
    expect(cloud.deadLetters).toMatchObject([{ ...TRUNCATED, replays: 1, failedAt: expect.any(String) as unknown }])
    expect(cloud.codes).toEqual(['replay_failed'])
  })
})

describe('the message stays in the queue', () => {
  test('during an outage', async () => {
    const { outcome, cloud } = await replay(deadLetterOf(goodLine()), new MemoryCloud({ answer: () => DOWN }))
    expect(outcome).toEqual({ kind: 'outage', detail: expect.stringContaining('ECONNREFUSED') as unknown })
    expect(cloud.deadLetters).toEqual([])
  })

  test('if the setup is wrong', async () => {
    const cloud = new MemoryCloud({ answer: () => ({ kind: 'status', status: 401 }) })
    await expect(replay(deadLetterOf(goodLine()), cloud)).rejects.toThrow(SetupError)
  })

  test('if SQS does not accept the new dead letter', async () => {
    const cloud = new MemoryCloud()
    cloud.failing.add('deadLetters.sendBatch')
    await expect(replay(deadLetterOf(BAD_LINE), cloud)).rejects.toThrow('deadLetters.sendBatch failed')
  })
})

describe('the report of the file', () => {
  const REPORT = {
    ...{ schema: REPORT_SCHEMA, state: 'complete-with-rejects', file: FILE, rejects: { open: 1, fixed: 0, discarded: 0 } },
    lines: { total: 9, delivered: 8, rejected: 1, undeliverable: 0, blank: 0 },
  }
  const rejected = (extra: Partial<DeadLetter> = {}) => deadLetterOf(goodLine(), { reason: 'missing_timestamp', ...extra })

  function withReport(): MemoryCloud {
    const cloud = new MemoryCloud()
    cloud.write(reportKey(FILE), REPORT)
    return cloud
  }

  test('no longer counts a line as open that was delivered', async () => {
    const { cloud } = await replay(rejected(), withReport())
    expect(cloud.report).toMatchObject({ state: 'complete-after-fixing', rejects: { open: 0, fixed: 1 } })
  })

  test('still counts a line as open that was rejected again', async () => {
    const { cloud } = await replay(rejected({ line: BAD_LINE }), withReport())
    expect(cloud.report).toEqual(REPORT)
  })

  test('is brought up to date later if S3 fails, and the line is not sent a second time', async () => {
    const cloud = withReport()
    cloud.failing.add('documents.put')
    const { outcome } = await replay(rejected(), cloud)
    expect(outcome).toEqual({ kind: 'requeued' })
    expect(cloud.codes).toEqual(['dead_letter_replayed', 'line_not_closed'])
    expect(cloud.sent).toMatchObject([{ delaySeconds: 60 }])
    cloud.failing.clear()
    const [again] = readMessage(cloud.sent[0]?.body ?? '')
    expect(again).toMatchObject({ kind: 'dead-letter', deadLetter: { delivered: true } })
    if (again?.kind === 'dead-letter') await replayDeadLetter(again.deadLetter, cloud.ports)
    expect(cloud.report).toMatchObject({ rejects: { open: 0, fixed: 1 } })
    expect(cloud.requests).toHaveLength(1)
  })

  test('counts a line by how its import ended, also if the line fails in another way later', async () => {
    const cloud = new MemoryCloud({ answer: () => ({ kind: 'status', status: 413 }) })
    await replay(rejected(), cloud)
    expect(cloud.deadLetters).toMatchObject([{ reason: 'endpoint_refused', countedAs: 'rejected' }])
  })

  test('and the origin of a line stay with its dead letter', async () => {
    const origin = { bucket: 'b', key: 'incoming/first.json', line: 5 }
    const { cloud } = await replay(rejected({ line: BAD_LINE, origin }))
    expect(cloud.deadLetters).toMatchObject([{ origin }])
  })
})
