import { open, type FileHandle } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { contentOf } from '../rejects/content.ts'
import { rowOf } from '../rejects/row.ts'
import { rowIdOf } from './closing/rejecting-send.ts'
import type { SentFile } from './files.ts'
import { stateFileError } from './atomic-file.ts'
import type { DeadLetterQueue } from '../../lambda/ports.ts'

/**
 * The rejected lines, kept beside the file as rows that the user can fix and send, as `rejects pull` writes them.
 *
 * A row is on the disk before its line counts as settled. A run that was killed may have written rows after its last checkpoint. The next
 * run validates their lines again, but does not write a second row.
 */
export class RejectedFile implements AsyncDisposable, DeadLetterQueue {
  readonly #file: SentFile
  readonly #written: Set<number>
  #handle: FileHandle | undefined
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(file: SentFile, written: Set<number>) {
    this.#file = file
    this.#written = written
  }

  /** @param watermarkLine lines up to this one are settled and not read again, so their rows are not looked up */
  static async open(file: SentFile, watermarkLine: number): Promise<RejectedFile> {
    const written = new Set<number>()
    if (await discardTornRow(file.rejectedPath))
      for await (const row of createInterface({ input: createReadStream(file.rejectedPath) })) {
        const line = lineOf(row)
        if (line > watermarkLine) written.add(line)
      }
    return new RejectedFile(file, written)
  }

  sendBatch: DeadLetterQueue['sendBatch'] = async (batch) => {
    const writing = this.#writing.catch(() => undefined).then(() => this.#append(batch.map(({ body }) => body)))
    this.#writing = writing
    await writing
    return []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined)
    await this.#handle?.close()
  }

  async #append(bodies: readonly string[]): Promise<void> {
    const rows: string[] = []
    const lines: number[] = []
    for (const body of bodies) {
      const content = contentOf(body)
      // The report says why a whole file was rejected; there is no line to fix.
      if (content.kind !== 'line') continue
      const { line = 0 } = content.deadLetter.source
      if (this.#written.has(line)) continue
      rows.push(`${rowOf(rowIdOf(this.#file.source, line), content.deadLetter)}\n`)
      lines.push(line)
    }
    if (rows.length === 0) return
    try {
      this.#handle ??= await open(this.#file.rejectedPath, 'a', 0o600)
      await this.#handle.appendFile(rows.join(''))
      await this.#handle.sync()
    } catch (cause) {
      throw stateFileError(this.#file.rejectedPath, cause)
    }
    for (const line of lines) this.#written.add(line)
  }
}

/**
 * Removes an incomplete row at the end of the file, which a killed process leaves. Its line is validated again.
 *
 * @returns whether the file exists
 */
async function discardTornRow(file: string): Promise<boolean> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r+')
  } catch {
    return false
  }
  try {
    const { size } = await handle.stat()
    let end = size
    const piece = Buffer.alloc(65_536)
    while (end > 0) {
      const start = Math.max(0, end - piece.length)
      const { bytesRead } = await handle.read(piece, 0, end - start, start)
      const newline = piece.subarray(0, bytesRead).lastIndexOf(0x0a)
      if (newline !== -1) {
        end = start + newline + 1
        break
      }
      end = start
    }
    if (end < size) await handle.truncate(end)
    return true
  } catch (cause) {
    throw stateFileError(file, cause)
  } finally {
    await handle.close()
  }
}

function lineOf(row: string): number {
  try {
    const { source } = JSON.parse(row) as { readonly source?: { readonly line?: unknown } }
    return Number(source?.line ?? 0)
  } catch {
    return 0
  }
}
