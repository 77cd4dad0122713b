import { randomUUID } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { clock } from '../../lambda/adapters/clock.ts'
import { s3Documents, s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { ARCHIVED_SCHEMA, archivedText } from '../../lambda/archive/archived.ts'
import { SetupError } from '../../lambda/errors.ts'
import { closeDiscarded } from '../../lambda/jobs/close-discarded.ts'
import { DISCARDED_PREFIX } from '../../lambda/keys.ts'
import type { Clock } from '../../lambda/ports.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { mayUpload } from './claims.ts'
import { GroupSends } from './group-sends.ts'
import { isDiscarded, ReplayRecords } from './replay-records.ts'
import { scanDeadLetters, type ScanOptions } from './scan.ts'
import type { DeadLetterSelection } from './selection.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'

/** Dead letters that are stored in one file. */
const MAX_BATCH = 1_000
/** Dead letters of the queue must stay hidden for at least this long when their copies are stored. They are renewed while it runs. */
const STORE_MS = 60_000

export interface DiscardResult {
  readonly discarded: number
  /** Not discarded because their dead letter was not found, or a replay is sending it. */
  readonly missing: number
  /** The files under `archived/discarded/` that were written. */
  readonly keys: readonly string[]
}

/**
 * Discards dead letters: stores a copy of each under `archived/discarded/`, closes their lines in the reports, and removes them.
 *
 * It keeps the same records and claims as a replay. So a replay at the same time does not send what is discarded here; and if this is killed
 * in between, the next replay or discard of the same dead letters finishes it.
 *
 * @throws the error of S3 or SQS
 */
export async function discardLines(
  deployment: Deployment,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
  options: ScanOptions = {},
): Promise<DiscardResult> {
  const found = new Map<string, StoredDeadLetter>()
  const isSelected = (deadLetter: StoredDeadLetter): boolean => {
    if (ids.has(deadLetter.id)) found.set(deadLetter.id, deadLetter)
    return ids.has(deadLetter.id)
  }
  await using selection = await scanDeadLetters(deployment, isSelected, signal, options)
  signal.throwIfAborted()
  const sent = await new ReplayRecords(deployment).sentIds()
  const stored = [...found.values()].filter(({ id }) => isDiscarded(sent.get(id)))
  await closeDiscardedIn(deployment, deadLettersOf(stored))
  await selection.remove(stored.map(({ id }) => id))
  const open = [...found.values()].filter(({ id }) => !sent.has(id))
  const keys: string[] = []
  let discarded = stored.length
  for (let from = 0; from < open.length && !signal.aborted; from += MAX_BATCH) {
    const { key, count } = await discardBatch(deployment, selection, open.slice(from, from + MAX_BATCH), options)
    if (count > 0) keys.push(key)
    discarded += count
  }
  return { discarded, missing: ids.size - discarded, keys }
}

/** The lines of discarded dead letters no longer count as open. */
export async function closeDiscardedIn(
  { s3, sqs, bucket, importQueueUrl }: Pick<Deployment, 's3' | 'sqs' | 'bucket' | 'importQueueUrl'>,
  deadLetters: readonly DeadLetter[],
): Promise<void> {
  await closeDiscarded(deadLetters, {
    documents: s3Documents(s3, bucket),
    reports: s3Reports(s3, bucket),
    answerQueue: sqsImportQueue(sqs, importQueueUrl),
    clock,
  })
}

/** Leaves out groups of which a replay may be sending lines: what is discarded is what it has not sent. */
async function withoutSending(
  deadLetters: readonly StoredDeadLetter[],
  deployment: Deployment,
  time: Pick<Clock, 'now'>,
): Promise<readonly StoredDeadLetter[]> {
  const left: StoredDeadLetter[] = []
  for (const stored of deadLetters)
    if (stored.content.kind !== 'group' || !(await isSending(stored.content.deadLetter, deployment, time))) left.push(stored)
  return left
}

async function isSending(deadLetter: DeadLetter, deployment: Deployment, time: Pick<Clock, 'now'>): Promise<boolean> {
  const { sending = [] } = await new GroupSends(deployment, deadLetter, time).settle()
  return sending.some(({ reason }) => reason === deadLetter.reason)
}

function deadLettersOf(stored: readonly StoredDeadLetter[]): readonly DeadLetter[] {
  return stored.flatMap(({ content }) => ('deadLetter' in content ? [content.deadLetter] : []))
}

async function discardBatch(
  deployment: Deployment,
  selection: DeadLetterSelection,
  deadLetters: readonly StoredDeadLetter[],
  { time = clock }: ScanOptions,
): Promise<{ readonly key: string; readonly count: number }> {
  const { s3, bucket } = deployment
  const run = randomUUID()
  const at = new Date(time.now()).toISOString()
  const key = `${DISCARDED_PREFIX}${at.slice(0, 10)}/${run}.jsonl`
  const claim = { file: key, run, at }
  const outcomes = await selection.claim(
    deadLetters.map(({ id }) => id),
    claim,
  )
  const claimed = await withoutSending(
    deadLetters.filter(({ id }) => outcomes.get(id) === 'claimed'),
    deployment,
    time,
  )
  const ids = claimed.map(({ id }) => id)
  if (claimed.length === 0) return { key, count: 0 }
  const records = new ReplayRecords(deployment)
  await records.write(claim, ids)
  if (!mayUpload(claim, time.now()) || !selection.isHiddenFor(ids, STORE_MS)) throw tooLate()
  const copies = claimed.map(
    ({ id, sentAt, body }) =>
      ({ schema: ARCHIVED_SCHEMA, id, sentAt: sentAt.toISOString(), archivedAt: at, why: 'discarded', body }) as const,
  )
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: archivedText(copies),
      ContentType: 'application/x-ndjson',
      Metadata: { run },
    }),
  )
  await closeDiscardedIn(deployment, deadLettersOf(claimed))
  // As long as one of them may still be somewhere, the record says that it was discarded.
  if (await selection.remove(ids)) await records.remove(run)
  return { key, count: ids.length }
}

function tooLate(): SetupError {
  return new SetupError(
    'The command was paused for minutes before it stored the dead letters, so a replay may send them. Nothing more was discarded. Run the command again.',
  )
}
