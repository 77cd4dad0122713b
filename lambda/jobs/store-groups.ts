import * as v from 'valibot'
import { groupsKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { refuseNewer } from '../common/schema.ts'
import { groupDeadLetter } from '../settle/build-dead-letter.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import { entriesOf } from '../settle/line-groups.ts'

export const GROUPS_SCHEMA = 'kissmetrics-importer/groups/v1'

// Unknown fields are kept when the document is written again: a newer version may have added them.
const GroupsBody = v.looseObject({
  schema: v.literal(GROUPS_SCHEMA),
  /** How many lines the dead letter of each reason is about. */
  sent: v.record(v.string(), v.number()),
})

/**
 * Sends the dead letters of the lines that have none of their own: one for each reason. Call it before the final report is written, which
 * ends the import for good.
 *
 * What was sent is stored after it was sent. So a run that is killed in between can send a dead letter twice, and none is lost. A file
 * that was rejected from some line on, and then replayed, can have more lines at its next end: then a dead letter about all of them is sent.
 *
 * @throws NewerVersionError, DeadLetterRefused, or the error of S3 or SQS
 */
export async function storeGroups({ file, groups = {}, rules }: ImportState, ports: Ports): Promise<void> {
  const all = entriesOf(groups)
  if (all.length === 0) return
  const key = { bucket: file.bucket, key: groupsKey(file) }
  const found = await ports.checkpoints.find(key)
  const earlier = readGroups(found?.value, key.key)
  const unsent = all.filter(([reason, { lines }]) => earlier.sent[reason] !== lines)
  if (unsent.length === 0) return
  const sender = new DeadLetterSender(ports.deadLetters, ports.clock)
  for (const [reason, group] of unsent)
    sender.send(groupDeadLetter({ file, replays: 0, rules }, reason, group, ports.clock.now()), () => undefined)
  await sender.flush()
  const sent = { ...earlier.sent, ...Object.fromEntries(unsent.map(([reason, { lines }]) => [reason, lines])) }
  // If another run has written it, that run has sent them too.
  await ports.checkpoints.put(key, { ...earlier, sent }, found?.tag)
}

function readGroups(value: unknown, key: string): v.InferOutput<typeof GroupsBody> {
  refuseNewer(value, GROUPS_SCHEMA, key)
  const parsed = v.safeParse(GroupsBody, value)
  return parsed.success ? parsed.output : { schema: GROUPS_SCHEMA, sent: {} }
}
