import { expect, test } from '@jest/globals'
import { openOriginsRows } from '../../../cli/status/open-origins.ts'
import type { Report, ReportState } from '../../../lambda/report/report.ts'

const reportOf = (state: ReportState, key = 'incoming/replays/replay-1.json') => ({ state, file: { bucket: 'b', key } }) as Report
const OPEN = /^ *This is a file of fixed lines\. The lines that it was to replace stay open/

// prettier-ignore
test.each<[ReportState, string, boolean]>([
  [ 'cancelled',             'incoming/replays/replay-1.json', true ],
  [ 'failed',                'incoming/replays/replay-1.json', true ],
  [ 'discarded',             'incoming/replays/replay-1.json', true ],
  [ 'gone',                  'incoming/replays/replay-1.json', true ],
  [ 'cancelled',             'incoming/a.json',                false ],
  [ 'complete',              'incoming/replays/replay-1.json', false ],
  [ 'complete-with-rejects', 'incoming/replays/replay-1.json', false ],
])('%s, %s: the lines stay open: %s', (state, key, isOpen) => {
  const text = openOriginsRows(reportOf(state, key)).join(' ')
  if (isOpen) expect(text).toMatch(OPEN)
  else expect(text).toBe('')
})

test('on AWS there is a command that imports it again', () => {
  expect(openOriginsRows(reportOf('cancelled'), ' --stack S').at(-1)).toBe(
    '  aws s3 cp s3://b/incoming/replays/replay-1.json s3://b/incoming/replays/replay-1-again.json',
  )
})
