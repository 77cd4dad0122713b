import { afterEach, expect, jest, test } from '@jest/globals'
import { cloudWatchLog } from '../../../lambda/adapters/log.ts'
import { METRICS_NAMESPACE } from '../../../lambda/keys.ts'

afterEach(() => {
  jest.restoreAllMocks()
})

/** Runs `act`. @returns the JSON objects that it writes to the standard streams */
function written(act: () => void): unknown[] {
  const texts: string[] = []
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      texts.push(String(text))
      return true
    })
  act()
  jest.restoreAllMocks()
  return texts.map((text) => JSON.parse(text) as unknown)
}

test.each(['info', 'warn', 'error'] as const)('%s writes one JSON object with the message and its facts', (level) => {
  const lines = written(() => {
    cloudWatchLog('importer')[level]('File imported.', { code: 'file_imported', key: 'incoming/a.json', lines: 4 })
  })
  expect(lines).toEqual([
    expect.objectContaining({
      level: level.toUpperCase(),
      message: 'File imported.',
      service: 'importer',
      facts: { code: 'file_imported', key: 'incoming/a.json', lines: 4 },
    }),
  ])
})

test('counts are added up and written on flush, with the service as the only dimension', () => {
  const lines = written(() => {
    const log = cloudWatchLog('importer')
    log.count('LinesDelivered', 4)
    log.publish()
  })
  expect(lines).toEqual([
    expect.objectContaining({
      service: 'importer',
      LinesDelivered: 4,
      _aws: expect.objectContaining({
        CloudWatchMetrics: [
          {
            Namespace: METRICS_NAMESPACE,
            Dimensions: [['service']],
            Metrics: [{ Name: 'LinesDelivered', Unit: 'Count' }],
          },
        ],
      }),
    }),
  ])
})

test('a metric with a dimension of its own is written at once, and has no other dimension but the service', () => {
  const lines = written(() => {
    cloudWatchLog('importer').count('DeadLetters', 3, { reason: 'missing_timestamp' })
  })
  expect(lines).toEqual([
    expect.objectContaining({
      service: 'importer',
      reason: 'missing_timestamp',
      DeadLetters: 3,
      _aws: expect.objectContaining({
        CloudWatchMetrics: [
          {
            Namespace: METRICS_NAMESPACE,
            Dimensions: [['service', 'reason']],
            Metrics: [{ Name: 'DeadLetters', Unit: 'Count' }],
          },
        ],
      }),
    }),
  ])
})

test('every line of an invocation, of metrics too, carries its request id, the file and the run; those of the next do not', () => {
  const lines = written(() => {
    const log = cloudWatchLog('importer')
    log.begin('r1')
    log.about?.({ file: 'incoming/a.json', version: 'v1' })
    log.about?.({ run: 'n1' })
    log.info('File opened.', { code: 'file_opened' })
    log.count('LinesDelivered', 4)
    log.count('DeadLetters', 1, { reason: 'a' })
    log.publish()
    log.begin('r2')
    log.info('Message ignored.', { code: 'message_ignored' })
    log.count('Crashes', 1)
    log.publish()
  }) as Record<string, unknown>[]
  const context = { requestId: 'r1', file: 'incoming/a.json', version: 'v1', run: 'n1' }
  expect(lines.map(({ requestId, file, version, run }) => ({ requestId, file, version, run }))).toEqual([
    context,
    context,
    context,
    { requestId: 'r2' },
    { requestId: 'r2' },
  ])
})

test('an invocation that counted nothing writes no metrics', () => {
  expect(
    written(() => {
      cloudWatchLog('importer').publish()
    }),
  ).toEqual([])
})
