import { expect, test } from '@jest/globals'
import { rejectedRow, withOpenLines, type RowContext } from '../../../cli/console/rejected-row.ts'
import { GroupSends } from '../../../cli/rejects/group-sends.ts'
import { CLOSED_GROUPS_SCHEMA } from '../../../lambda/settle/closed-groups.ts'
import { toBody } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, GROUP, storedDeadLetter, TestDeployment } from '../rejects/fixtures.ts'

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

test('the lines of a group that a replay has sent are not counted any more', async () => {
  await using installed = await TestDeployment.start()
  const { deployment } = installed
  const source = { bucket: deployment.bucket, key: 'incoming/may.jsonl' }
  const group = deadLetterOf('', { kind: 'group', reason: 'missing_timestamp', source, group: GROUP })
  const row = rejectedRow(storedDeadLetter(toBody(group)), { retentionMs: undefined, deployment })
  const shown = { kind: 'group', groupedLines: GROUP.lines, key: source.key }
  expect(await withOpenLines(row, deployment)).toMatchObject(shown)
  const stored = { schema: CLOSED_GROUPS_SCHEMA, discarded: {}, sent: { missing_timestamp: [[2, 11]] } }
  await installed.put(new GroupSends(deployment, group).key, JSON.stringify(stored))
  const open = await withOpenLines(row, deployment)
  expect(open).toMatchObject({ ...shown, groupedLines: GROUP.lines - 10 })
  expect(open).not.toHaveProperty('group')
})
