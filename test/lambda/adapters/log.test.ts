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
    log.flush()
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
