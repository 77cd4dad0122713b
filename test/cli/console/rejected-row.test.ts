import { expect, test } from '@jest/globals'
import { rejectedRow, type RowContext } from '../../../cli/console/rejected-row.ts'
import { toBody } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, storedDeadLetter } from '../rejects/fixtures.ts'

const LOCAL = { deadLettersExpire: false }
const STACK = { deadLettersExpire: true, deploymentOptions: ' --stack Prod' }
const CSV = 'the columns are separated by semicolons; to convert it, run: npx km-import fix FILE --fix csv'

const REJECTED_FILE = JSON.stringify(
  deadLetterOf('', {
    kind: 'file',
    reason: 'not_line_delimited_json',
    detail: CSV,
    source: { bucket: 'b', key: 'incoming/may.csv' },
  }),
)
const FAILED_IMPORT = JSON.stringify({
  Records: [
    { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key: 'incoming/a.jsonl' } } },
  ],
})
const A_LINE = toBody(deadLetterOf('{}', { detail: 'It contains km-import fix FILE , and is a line.' }))

// prettier-ignore
test.each<[what: string, body: string, deployment: RowContext['deployment'], end: string]>([
  //  what                          where           the row ends with
  [ 'a failed import',              FAILED_IMPORT,  LOCAL,  'npx km-import rejects replay --all-valid' ],
  [ 'a failed import of a stack',   FAILED_IMPORT,  STACK,  'npx km-import rejects replay --all-valid --stack Prod' ],
  [ 'an unknown message',           '{}',           STACK,  'npx km-import rejects archive --reason unknown_message --stack Prod' ],
  [ 'a rejected file',              REJECTED_FILE,  LOCAL,  'npx km-import fix may.csv --fix csv' ],
  [ 'a rejected file of a stack',   REJECTED_FILE,  STACK,  'npx km-import fix s3://b/incoming/may.csv --fix csv' ],
  [ 'a line, as it was rejected',   A_LINE,         STACK,  'It contains km-import fix FILE , and is a line.' ],
])('the command of %s works when it is pasted', (_what, body, deployment, end) => {
  const { detail } = rejectedRow(storedDeadLetter(body), { retentionMs: undefined, deployment })
  expect(detail.slice(-end.length)).toBe(end)
})
