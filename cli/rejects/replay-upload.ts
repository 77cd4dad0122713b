import { createHash, randomUUID } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Claim } from '../../lambda/archive/archived.ts'
import { REPLAYS_PREFIX } from '../../lambda/keys.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { Deployment } from '../deployment/deployment.ts'

/** A line to send again, and the dead letter that it replaces. */
export interface EditedLine {
  /** Of its row: the message id of the dead letter, or the id of a line of a group. */
  readonly id: string
  readonly line: string
}

/** The dead letter of a row, by the id of the row. */
export type FindDeadLetter = (id: string) => DeadLetter | undefined

/** S3 errors if the file exists, or another process writes it at the same time. Amazon S3, "Conditional writes". */
const CONFLICTS = new Set(['PreconditionFailed', 'ConditionalRequestConflict'])

/**
 * The files that one replay uploads under `incoming/replays/`.
 *
 * Their keys are made of the dead letters alone. So two replays of the same dead letters want to write the same file, and S3 accepts it
 * once; and a replay that was interrupted and is started again finds what it has uploaded. A later replay of the same lines, rejected
 * again as new dead letters, has other keys.
 */
export class ReplayUpload {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #stem: string
  /** Unique id of this run. It is stored with the file, so that others know which run has uploaded it. */
  readonly run = randomUUID()
  #parts = 0

  constructor(deployment: Pick<Deployment, 's3' | 'bucket'>, lines: readonly EditedLine[]) {
    this.#deployment = deployment
    const ids = [...new Set(lines.map(({ id }) => id))].sort()
    const digest = createHash('sha256').update(JSON.stringify(ids)).digest('hex')
    this.#stem = `${REPLAYS_PREFIX}replay-${digest.slice(0, 16)}`
  }

  /** The key of the next file. */
  get nextKey(): string {
    return `${this.#stem}${this.#parts === 0 ? '' : `-${this.#parts + 1}`}.json`
  }

  /** How often each line is in the files of this replay that exist. */
  async uploadedLines(): Promise<Map<string, number>> {
    const lines = new Map<string, number>()
    for (;;) {
      const text = await this.#read(this.nextKey)
      if (text === undefined) return lines
      for (const line of text.split('\n')) if (line !== '') lines.set(line, (lines.get(line) ?? 0) + 1)
      this.#parts += 1
    }
  }

  /**
   * Uploads lines as the next file. Call `uploadedLines` first.
   *
   * @returns whether the file has exactly these lines; false if another replay of the same dead letters has uploaded other lines
   */
  async upload(lines: readonly EditedLine[]): Promise<boolean> {
    const key = this.nextKey
    const body = bodyOf(lines)
    const isNew = await putReplayFile(this.#deployment, { file: key, run: this.run }, body)
    // The same lines: from another replay, or from this one, if the answer to its first attempt was lost.
    if (!isNew && (await this.#read(key)) !== body) return false
    this.#parts += 1
    return true
  }

  async #read(key: string): Promise<string | undefined> {
    const { s3, bucket } = this.#deployment
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return (await Body?.transformToString()) ?? ''
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return undefined
      throw error
    }
  }
}

/** Lines as the content of a file. */
export function bodyOf(lines: readonly EditedLine[]): string {
  return lines.map(({ line }) => `${line}\n`).join('')
}

/** Uploads a file to import. @returns false if there is one with this key */
export async function putReplayFile(
  { s3, bucket }: Pick<Deployment, 's3' | 'bucket'>,
  { file, run }: Pick<Claim, 'file' | 'run'>,
  body: string,
): Promise<boolean> {
  try {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: file,
        Body: body,
        ContentType: 'application/x-ndjson',
        Metadata: { run },
        IfNoneMatch: '*',
      }),
    )
    return true
  } catch (error) {
    if (CONFLICTS.has(nameOf(error))) return false
    throw error
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
