import { createHash } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { REPLAYS_PREFIX } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'

/** A line to send again, and the dead letter that it replaces. */
export interface EditedLine {
  /** Message id of the dead letter. */
  readonly id: string
  readonly line: string
}

/**
 * The files that one replay uploads under `incoming/replays/`.
 *
 * Their keys contain a digest of the dead letters and lines. If a replay is interrupted and started again, it has the same keys and finds
 * what it has uploaded. A later replay of the same lines, rejected again as new dead letters, has other keys.
 */
export class ReplayUpload {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #stem: string
  #parts = 0

  /** @param name start of the file name, for the user to recognise */
  constructor(deployment: Pick<Deployment, 's3' | 'bucket'>, name: string, lines: readonly EditedLine[]) {
    this.#deployment = deployment
    const digest = createHash('sha256').update(JSON.stringify(lines.map(({ id, line }) => [id, line])))
    const safeName = name.replace(/\.[^.]*$/, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    this.#stem = `${REPLAYS_PREFIX}${safeName.slice(0, 100)}-${digest.digest('hex').slice(0, 16)}`
  }

  /** How often an earlier run of this replay has uploaded each line. */
  async uploadedLines(): Promise<Map<string, number>> {
    const lines = new Map<string, number>()
    for (;;) {
      const text = await this.#read(this.#nextKey())
      if (text === undefined) return lines
      for (const line of text.split('\n')) if (line !== '') lines.set(line, (lines.get(line) ?? 0) + 1)
      this.#parts += 1
    }
  }

  /** Uploads lines as a new file. Call `uploadedLines` first. @returns the key of the file */
  async upload(lines: readonly EditedLine[]): Promise<string> {
    const { s3, bucket } = this.#deployment
    const key = this.#nextKey()
    const body = lines.map(({ line }) => `${line}\n`).join('')
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/x-ndjson', IfNoneMatch: '*' }),
    )
    this.#parts += 1
    return key
  }

  #nextKey(): string {
    return `${this.#stem}${this.#parts === 0 ? '' : `-${this.#parts + 1}`}.json`
  }

  async #read(key: string): Promise<string | undefined> {
    const { s3, bucket } = this.#deployment
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return (await Body?.transformToString()) ?? ''
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  }
}
