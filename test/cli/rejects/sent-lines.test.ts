import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { GroupSends } from '../../../cli/rejects/group-sends.ts'
import { countSentLines } from '../../../cli/rejects/sent-lines.ts'
import { CLOSED_GROUPS_SCHEMA } from '../../../lambda/settle/closed-groups.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, GROUP, TestDeployment } from './fixtures.ts'

let installed: TestDeployment
beforeAll(async () => {
  installed = await TestDeployment.start()
})
afterAll(() => installed[Symbol.asyncDispose]())

const SENT = { missing_timestamp: [[2, 11]] }

/** @param stored what replays have noted about the groups of the file */
async function countAfter(key: string, stored: unknown): Promise<number> {
  const { deployment } = installed
  const source = { bucket: deployment.bucket, key }
  const deadLetter: DeadLetter = deadLetterOf('', { kind: 'group', reason: 'missing_timestamp', source, group: GROUP })
  if (stored !== undefined) await installed.put(new GroupSends(deployment, deadLetter).key, JSON.stringify(stored))
  return countSentLines(deployment, deadLetter)
}

// prettier-ignore
test.each([
  //  what                              stored                                                            sent
  [ 'nothing was sent',                 undefined,                                                        0 ],
  [ 'ten lines were sent',              { schema: CLOSED_GROUPS_SCHEMA, discarded: {}, sent: SENT },       10 ],
  [ 'lines of another reason were sent', { schema: CLOSED_GROUPS_SCHEMA, discarded: {}, sent: { invalid_json: [[2, 11]] } }, 0 ],
  [ 'a newer version has noted it',     { schema: 'kissmetrics-importer/closed-groups/v2', sent: SENT },   0 ],
])('the lines of a group that were sent: %s', async (what, stored, sent) => {
  expect(await countAfter(`incoming/${what}.jsonl`, stored)).toBe(sent)
})
