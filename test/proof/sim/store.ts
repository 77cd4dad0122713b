import { Readable } from 'node:stream'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { Fault, type Worker } from './worker.ts'
import type { Checkpoints, Reports, SourceFiles } from '../../../lambda/ports.ts'

interface Document {
  readonly text: string
  readonly tag: string
  readonly writtenAt: number
}

/** Simulated S3: documents with conditional writes, and one object, the file to import. */
export class Store {
  readonly documents = new Map<string, Document>()
  readonly #file: SourceFile
  readonly #bytes: Buffer
  readonly #onWritten: (key: string, value: unknown) => void
  #writes = 0

  constructor(file: SourceFile, bytes: Buffer, onWritten: (key: string, value: unknown) => void) {
    this.#file = file
    this.#bytes = bytes
    this.#onWritten = onWritten
  }

  read(key: string): unknown {
    const document = this.documents.get(key)
    return document && (JSON.parse(document.text) as unknown)
  }

  checkpoints(worker: Worker): Checkpoints {
    return {
      find: ({ key }) => worker.actOnAws(() => this.#find(key)),
      put: ({ key }, value, expected) => worker.actOnAws(() => this.#putIf(key, value, expected, worker.clock.now())),
    }
  }

  reports(worker: Worker): Reports {
    return {
      find: (_bucket, key) =>
        worker.actOnAws(() => {
          const found = this.#find(key)
          return found && { report: found.value as Report, tag: found.tag, writtenAt: found.writtenAt }
        }),
      put: (_bucket, key, report) =>
        worker.actOnAws(() => {
          this.#put(key, report, worker.clock.now())
        }),
      replace: (_bucket, key, report, tag) => worker.actOnAws(() => this.#putIf(key, report, tag, worker.clock.now())),
    }
  }

  /** @param chunk gives the size of the next chunk @param breaks whether the body breaks off before it */
  files(worker: Worker, chunk: () => number, breaks: () => boolean): SourceFiles {
    return {
      open: async (_file, { start, end = this.#bytes.length } = { start: 0 }) => {
        await worker.actOnAws(() => undefined)
        const rest = this.#bytes.subarray(start, end)
        return {
          kind: 'open',
          body: Readable.from(chunks(rest, chunk, breaks)),
          bytes: this.#bytes.length,
          etag: this.#file.etag ?? '',
          lastModified: new Date('2026-01-01T00:00:00Z'),
        }
      },
    }
  }

  #find(key: string): { value: unknown; tag: string; writtenAt: Date } | undefined {
    const document = this.documents.get(key)
    return document && { value: JSON.parse(document.text), tag: document.tag, writtenAt: new Date(document.writtenAt) }
  }

  #putIf(key: string, value: unknown, expected: string | undefined, now: number): string | undefined {
    return this.documents.get(key)?.tag === expected ? this.#put(key, value, now) : undefined
  }

  #put(key: string, value: unknown, now: number): string {
    this.#writes += 1
    const tag = `"${this.#writes}"`
    this.documents.set(key, { text: JSON.stringify(value), tag, writtenAt: now })
    this.#onWritten(key, value)
    return tag
  }
}

function* chunks(bytes: Buffer, length: () => number, breaks: () => boolean): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    if (breaks()) {
      if (length() % 2 === 0) throw new Fault('the connection was reset')
      return // an early end that looks like the real one
    }
    const next = Math.min(bytes.length, at + Math.max(1, length()))
    yield bytes.subarray(at, next)
    at = next
  }
}
