import { Readable } from 'node:stream'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import type {
  ByteRange,
  Checkpoints,
  Documents,
  ListedFile,
  Listing,
  ObjectTags,
  OpenFile,
  Reports,
  SourceFiles,
} from '../../../lambda/ports.ts'
import type { Report } from '../../../lambda/report/report.ts'
import type { ModelFile } from './model.ts'
import { Fault, type Worker } from './worker.ts'

interface Document {
  readonly text: string
  /** The parsed text, once it was read. */
  value?: unknown
  readonly tag: string
  readonly writtenAt: Date
}

export interface StoreHooks {
  written(key: string, value: unknown): void
}

/** How the actions of one worker go. */
export interface StoreFaults {
  readonly fails: () => boolean
  readonly failsToWrite: () => boolean
  /** S3 answers 409 to a conditional write: another write happens at the same time. */
  readonly conflicts: () => boolean
  /** The SDK tries a conditional write again whose answer was lost, and S3 answers 412 because the first try was accepted. */
  readonly writtenBefore: () => boolean
  /** The size of the next chunk of a body. */
  readonly chunk: () => number
  readonly breaks: () => boolean
}

type WriteFaults = Pick<StoreFaults, 'conflicts' | 'writtenBefore'>

/** Simulated S3: the files to import, and documents with conditional writes. */
export class Store {
  readonly #documents = new Map<string, Document>()
  readonly #files: readonly ModelFile[]
  readonly #tags = new Map<SourceFile, ReadonlyMap<string, string>>()
  readonly #now: () => number
  readonly #hooks: StoreHooks
  #writes = 0

  constructor(files: readonly ModelFile[], now: () => number, hooks: StoreHooks) {
    this.#files = files
    this.#now = now
    this.#hooks = hooks
  }

  read(key: string): unknown {
    return this.#find(key)?.value
  }

  /** Writes a document as a person does, with a command. */
  write(key: string, value: unknown): void {
    this.#put(key, value)
  }

  checkpoints(worker: Worker, faults: StoreFaults): Checkpoints {
    return this.documents(worker, faults)
  }

  documents(worker: Worker, { fails, ...faults }: StoreFaults): Documents {
    return {
      find: ({ key }) => worker.readOnAws(fails, () => this.#find(key)),
      put: ({ key }, value, expected) => worker.actOnAws(faults.failsToWrite, () => this.#putIf(key, value, expected, faults)),
    }
  }

  reports(worker: Worker, { fails, ...faults }: StoreFaults): Reports {
    return {
      find: (_bucket, key) =>
        worker.readOnAws(fails, () => {
          const found = this.#find(key)
          return found && { report: found.value as Report, tag: found.tag, writtenAt: found.writtenAt }
        }),
      replace: (_bucket, key, report, tag) => worker.actOnAws(faults.failsToWrite, () => this.#putIf(key, report, tag, faults)),
    }
  }

  files(worker: Worker, { fails, chunk, breaks }: StoreFaults): SourceFiles {
    return {
      open: (file, range = { start: 0 }) =>
        worker.readOnAws(fails, () => {
          const found = this.#fileOf(file)
          if (found === undefined) return { kind: absenceOf(file) }
          return opened(found, range, chunk, breaks)
        }),
    }
  }

  /** Sets a tag of a file, as a person does in the console of S3. */
  tag({ source }: ModelFile, name: string, value: string): void {
    this.#tags.set(source, new Map([[name, value]]))
  }

  tags(worker: Worker, { fails }: StoreFaults): ObjectTags {
    return {
      find: (file) =>
        worker.readOnAws(fails, () => {
          const found = this.#fileOf(file)
          return found && (this.#tags.get(found.source) ?? new Map())
        }),
    }
  }

  listing(worker: Worker, { fails }: StoreFaults): Listing {
    const pageOf = () =>
      worker.readOnAws(fails, () => this.#files.filter(({ from, to }) => from <= this.#now() && this.#now() < to))
    const reportsFrom = (first: string) =>
      worker.readOnAws(fails, () =>
        [...this.#documents]
          .filter(([key]) => key.startsWith('reports/') && key >= first)
          .map(([key, { writtenAt }]) => ({ key, writtenAt }))
          .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      )
    return {
      scope: 's3://files/incoming/',
      async *reportsFrom(first) {
        yield await reportsFrom(first)
      },
      async *pages() {
        yield (await pageOf()).map(({ source, from }): ListedFile => ({
          file: source,
          lastModified: new Date(from),
          isLatest: true,
        }))
      },
    }
  }

  /** @returns undefined if it was deleted or replaced */
  #fileOf({ key, etag }: SourceFile): ModelFile | undefined {
    return this.#files.find(({ source, to }) => source.key === key && source.etag === etag && this.#now() < to)
  }

  #find(key: string): { value: unknown; tag: string; writtenAt: Date } | undefined {
    const document = this.#documents.get(key)
    return document && { value: (document.value ??= JSON.parse(document.text)), tag: document.tag, writtenAt: document.writtenAt }
  }

  /** @returns the tag, as S3 answers to the last try of the SDK */
  #putIf(key: string, value: unknown, expected: string | undefined, faults: WriteFaults): string | undefined {
    if (faults.conflicts() || this.#documents.get(key)?.tag !== expected) return undefined
    const tag = this.#put(key, value)
    return faults.writtenBefore() ? undefined : tag
  }

  #put(key: string, value: unknown): string {
    this.#writes += 1
    const tag = `"${this.#writes}"`
    this.#documents.set(key, { text: JSON.stringify(value), tag, writtenAt: new Date(this.#now()) })
    this.#hooks.written(key, value)
    return tag
  }
}

/** With versions, an object can only be deleted. Without, it is replaced. */
function absenceOf({ versionId }: SourceFile): 'gone' | 'superseded' {
  return versionId === undefined ? 'superseded' : 'gone'
}

function opened(
  { bytes, source, from, replay }: ModelFile,
  { start, end = bytes.length }: ByteRange,
  chunk: () => number,
  breaks: () => boolean,
): OpenFile {
  return {
    kind: 'open',
    body: Readable.from(chunks(bytes.subarray(start, end), chunk, breaks)),
    bytes: bytes.length,
    etag: source.etag ?? '',
    lastModified: new Date(from),
    ...(replay !== undefined && { replay }),
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
