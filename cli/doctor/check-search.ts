import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3'
import { LAST_SEARCH_KEY } from '../../lambda/keys.ts'
import { shellWord } from '../terminal/escape.ts'
import { counted } from '../terminal/numbers.ts'
import { findingsOf, tryCheck, type Finding } from './finding.ts'

const CHECK = 'daily search'
const TWO_DAYS_MS = 2 * 86_400_000

/**
 * Whether the daily search for missed files comes to its end. It takes the way of all work: a rule, the import queue, the event source, the
 * function and its permissions on S3. So a search of today shows that all of them work.
 *
 * @param deployedAt when the stack was deployed last, in milliseconds since 1970
 */
export function checkSearch(
  s3: S3Client,
  bucket: string,
  { stackName, deployedAt, now }: { readonly stackName: string; readonly deployedAt: number; readonly now: number },
): Promise<readonly Finding[]> {
  const { ok, warning } = findingsOf(CHECK)
  return tryCheck(CHECK, [`s3:GetObject on ${LAST_SEARCH_KEY}`], async () => {
    const last = await readLastSearch(s3, bucket)
    const finishedAt = Date.parse(last?.finishedAt ?? '')
    if (last !== undefined && now - finishedAt < TWO_DAYS_MS)
      return [ok(`The last one was complete on ${dateText(finishedAt)}, after ${counted(last.files ?? 0, 'file')}.`)]
    if (last === undefined && now - deployedAt < TWO_DAYS_MS)
      return [ok('None was complete yet; the stack was deployed less than two days ago.')]
    return [
      warning(
        `${last === undefined ? 'None was complete yet' : `The last one was complete on ${dateText(finishedAt)}`}, so files whose event was lost wait. First cure what is wrong here; the first command shows what waits, and the second queues missed files now.`,
        `npx km-import status --stack ${shellWord(stackName)}`,
        `npx km-import backfill --stack ${shellWord(stackName)}`,
      ),
    ]
  })
}

interface LastSearchDocument {
  readonly finishedAt?: string
  readonly files?: number
}

async function readLastSearch(s3: S3Client, bucket: string): Promise<LastSearchDocument | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: LAST_SEARCH_KEY }))
    return JSON.parse((await Body?.transformToString()) ?? '{}') as LastSearchDocument
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined
    throw error
  }
}

function dateText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
