import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findFile, type SentFile } from '../../../cli/send/files.ts'
import type { Rejection } from '../../../lambda/reasons.ts'
import type { Envelope } from '../../../lambda/settle/batching.ts'
import { fileDeadLetter, lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'

/** A folder that is deleted at the end of a test. */
export class TestFolder implements AsyncDisposable {
  readonly path: string

  private constructor(folder: string) {
    this.path = folder
  }

  static async create(): Promise<TestFolder> {
    return new TestFolder(await mkdtemp(path.join(tmpdir(), 'km-send-')))
  }

  at(name: string): string {
    return path.join(this.path, name)
  }

  async write(name: string, content: string | Buffer): Promise<string> {
    await writeFile(this.at(name), content)
    return this.at(name)
  }

  async sentFile(name: string, content: string | Buffer): Promise<SentFile> {
    return findFile(await this.write(name, content))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true })
  }
}

const REJECTION: Rejection = { kind: 'rejection', reason: 'missing_timestamp', detail: 'The time is missing.' }

/** A dead letter as the importer sends it. @param line number of the line; undefined for the whole file */
export function deadLetterFor({ source }: SentFile, line: number | undefined): Envelope {
  const origin = { file: source, replays: 0 }
  const deadLetter =
    line === undefined
      ? fileDeadLetter(origin, REJECTION, 0)
      : lineDeadLetter(origin, { number: line, byteStart: 0, byteEnd: 10, text: '{"_p":"a"}' }, REJECTION, 0, 0)
  return { body: JSON.stringify(deadLetter), attributes: {} }
}
