import * as v from 'valibot'
import { answerTaskBody, expectedBody, newAnswerTask, type Expected, type ExpectedCheck } from '../intake/answer-task.ts'
import { expectedKey } from '../keys.ts'
import type { ListedFile, Ports } from '../ports.ts'
import { refuseNewer } from '../common/schema.ts'

const EXPECTED_NOTE_SCHEMA = 'kissmetrics-importer/expected-note/v1'

/** The end of the last period that was answered. */
const ExpectedNote = v.looseObject({ schema: v.literal(EXPECTED_NOTE_SCHEMA), until: v.string() })

/**
 * Looks for a file that was uploaded under a prefix within the period that ends now. If there is none, it asks for an answer that says so,
 * once for each period. A listing that takes longer than an invocation is continued by a new message.
 *
 * @throws NewerVersionError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function checkExpected(check: ExpectedCheck, ports: Ports, ending: AbortSignal): Promise<void> {
  const { bucket, prefix, withinSeconds, at } = check
  const until = new Date(Date.parse(at)).toISOString()
  const since = new Date(Date.parse(at) - withinSeconds * 1000).toISOString()
  let reached = check.after
  for await (const page of ports.listing.pages(check.after, { bucket, prefix })) {
    if (page.some(isUploadedSince(Date.parse(since)))) {
      ports.events.expectedCame(prefix)
      return
    }
    const last = page.at(-1)?.file
    if (last !== undefined) reached = { key: last.key, versionId: last.versionId ?? 'null' }
    // Without a page that was checked, the next invocation would get no further. The next period is checked again.
    if (ending.aborted && reached !== undefined) {
      await ports.importQueue.send(expectedBody({ ...check, after: reached }), 0)
      return
    }
  }
  await answerOnce({ bucket, prefix, since, until }, ports)
}

function isUploadedSince(since: number) {
  return ({ lastModified }: ListedFile): boolean => lastModified.getTime() >= since
}

/** SQS can deliver the message of the schedule twice. */
async function answerOnce(missing: Expected, { documents, answerQueue, clock, events, bucket }: Ports): Promise<void> {
  const key = { bucket, key: expectedKey(missing) }
  const found = await documents.find(key)
  refuseNewer(found?.value, EXPECTED_NOTE_SCHEMA, key.key)
  if (v.is(ExpectedNote, found?.value) && found.value.until >= missing.until) return
  events.expectedMissing(missing.prefix, missing.since)
  await answerQueue?.send(answerTaskBody(newAnswerTask({ missing }, clock.now())), 0)
  // If another write comes first, the answer may be repeated, with the same id.
  await documents.put(key, { schema: EXPECTED_NOTE_SCHEMA, until: missing.until }, found?.tag)
}
