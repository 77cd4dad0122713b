import { expect, test } from '@jest/globals'
import { unreadFile } from '../../../lambda/jobs/unread-file.ts'
import { finalReport } from '../../../lambda/report/report.ts'
import { FILE } from '../../support/memory-cloud.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const NOW = '2026-01-01T00:00:00.000Z'

test.each([
  ['as the event of S3 says', { ...FILE, bytes: 90 }, 90],
  ['0 if no event says it', FILE, 0],
])('a file of which no line was read has a report that adds up: its size is %s', (_what, file, bytes) => {
  const state = unreadFile(file, new ManualClock(Date.parse(NOW)))
  expect(finalReport(state, NOW)).toMatchObject({
    ...{ state: 'complete', startedAt: NOW, invocations: 1, repeatsPossible: 0 },
    file: { key: FILE.key, versionId: 'v1', bytes },
    lines: { total: 0, delivered: 0, rejected: 0 },
  })
})
