import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, NotFound, PutObjectCommand } from '@aws-sdk/client-s3'
import * as v from 'valibot'
import type { Claim } from '../../lambda/archive/archived.ts'
import { DISCARDED_PREFIX, REPLAY_RECORDS_PREFIX } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { refuseNewer } from '../../lambda/common/schema.ts'
import { listObjects } from '../deployment/list-objects.ts'

const RECORD_SCHEMA = 'kissmetrics-importer/replay/v1'

const Record = v.object({
  schema: v.literal(RECORD_SCHEMA),
  file: v.string(),
  run: v.string(),
  ids: v.array(v.string()),
})

/** A run of a replay, and the file that it uploads. */
export type ReplayRun = Pick<Claim, 'file' | 'run'>

/**
 * Which dead letters each running replay sends.
 *
 * A record is written before the upload and deleted after its dead letters are. So if a replay is killed in between, the next one knows
 * what was sent, also if it replays other dead letters than the first. The stack deletes a record that a killed replay has left after 30
 * days; SQS deletes a dead letter after 14.
 */
export class ReplayRecords {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>

  constructor(deployment: Pick<Deployment, 's3' | 'bucket'>) {
    this.#deployment = deployment
  }

  async write({ file, run }: ReplayRun, ids: readonly string[]): Promise<void> {
    const { s3, bucket } = this.#deployment
    const record: v.InferOutput<typeof Record> = { schema: RECORD_SCHEMA, file, run, ids: [...ids] }
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: keyOf(run),
        Body: JSON.stringify(record),
        ContentType: 'application/json',
      }),
    )
  }

  async remove(run: string): Promise<void> {
    const { s3, bucket } = this.#deployment
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(run) }))
  }

  /** Dead letters that a replay has sent, or that were discarded, without being deleted yet; and the file that they were stored in. */
  async sentIds(): Promise<ReadonlyMap<string, string>> {
    const { s3, bucket } = this.#deployment
    const sent = new Map<string, string>()
    for await (const { key } of listObjects(s3, bucket, REPLAY_RECORDS_PREFIX)) {
      const record = await this.#read(key)
      if (record !== undefined && (await isUploaded(this.#deployment, record)))
        for (const id of record.ids) sent.set(id, record.file)
    }
    return sent
  }

  /**
   * @returns undefined if the replay has ended in the meantime, or the object is not a record
   * @throws NewerVersionError: to ignore the record could send its lines a second time
   */
  async #read(key: string): Promise<v.InferOutput<typeof Record> | undefined> {
    const { s3, bucket } = this.#deployment
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      const value = v.safeParse(v.pipe(v.string(), v.parseJson()), await Body?.transformToString())
      refuseNewer(value.output, RECORD_SCHEMA, key)
      const parsed = v.safeParse(Record, value.output)
      return parsed.success ? parsed.output : undefined
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  }
}

/** Whether exactly this run has uploaded its file: a file of the same name can be of another run of the same replay. */
export async function isUploaded({ s3, bucket }: Pick<Deployment, 's3' | 'bucket'>, { file, run }: ReplayRun): Promise<boolean> {
  try {
    const { Metadata } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: file }))
    return Metadata?.run === run
  } catch (error) {
    if (error instanceof NotFound) return false
    throw error
  }
}

/** Whether dead letters that were stored in a file were discarded, and not sent. */
export function isDiscarded(file: string | undefined): boolean {
  return file?.startsWith(DISCARDED_PREFIX) === true
}

function keyOf(run: string): string {
  return `${REPLAY_RECORDS_PREFIX}${run}.json`
}
