import { createHash } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { REPLAYS_PREFIX } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'

/** A line that goes back, and the dead letter that it stands for. */
export interface EditedLine {
  readonly id: string
  readonly line: string
}

/**
 * The drops of one replay. Their names are made of what is in it, letters and lines, so that the same replay, begun again after it broke
 * off, finds what it had stored; and another one, of the same lines that came back as new letters, does not.
 */
export class ReplayFiles {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #stem: string
  #parts = 0

  constructor(deployment: Pick<Deployment, 's3' | 'bucket'>, name: string, lines: readonly EditedLine[]) {
    this.#deployment = deployment
    const digest = createHash('sha256').update(JSON.stringify(lines.map(({ id, line }) => [id, line])))
    const plain = name.replace(/\.[^.]*$/, '').replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    this.#stem = `${REPLAYS_PREFIX}${plain.slice(0, 100)}-${digest.digest('hex').slice(0, 16)}`
  }

  /** @returns how often each line is in what an earlier run of this replay has stored */
  async stored(): Promise<Map<string, number>> {
    const lines = new Map<string, number>()
    for (;;) {
      const text = await this.#read(this.#key())
      if (text === undefined) return lines
      for (const line of text.split('\n')) if (line !== '') lines.set(line, (lines.get(line) ?? 0) + 1)
      this.#parts += 1
    }
  }

  /** @returns its key */
  async store(lines: readonly EditedLine[]): Promise<string> {
    const { s3, bucket } = this.#deployment
    const key = this.#key()
    const body = lines.map(({ line }) => `${line}\n`).join('')
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/x-ndjson', IfNoneMatch: '*' }),
    )
    this.#parts += 1
    return key
  }

  #key(): string {
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
