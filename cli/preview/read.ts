import { Readable } from 'node:stream'
import { SetupError, codeOf } from '../../lambda/errors.ts'
import { classifyLines } from '../../lambda/parse/classify-line.ts'
import type { Entry } from '../../lambda/parse/entry.ts'
import type { LineRules } from '../../lambda/parse/line.ts'
import { admit } from '../../lambda/parse/sniff.ts'
import type { ColumnMapping } from '../../lambda/csv/columns.ts'
import type { UnpackOptions } from '../../lambda/read/open-unpacked.ts'
import { openLines, UnreadableFile, VanishedFile } from '../../lambda/read/lines.ts'
import type { Rejection } from '../../lambda/reasons.ts'
import { BLOCK_BYTES, blocksOf } from './digest/blocks.ts'
import { digestBlock, type LineOptions } from './digest/digest-block.ts'
import type { DigestPool } from './digest/digest-pool.ts'
import { Digester, type Digest } from './digest/digest.ts'
import { openContent, surveyCsv } from './csv.ts'
import type { Survey } from './survey/survey.ts'

/** A file that is open. */
export interface Source extends UnpackOptions {
  /** As the user named it. */
  readonly name: string
  readonly body: Readable
  readonly rules: LineRules
}

export interface SurveyOptions {
  readonly maxLineBytes: number
  readonly pool: DigestPool
  /** What the columns of CSV files mean, if they are not those of Kissmetrics. */
  readonly columns?: ColumnMapping
  /** Called from time to time with the number of lines since the last call. */
  readonly onLines?: (lines: number) => void
}

/**
 * Adds all lines of a file to the survey, read as an import would read them. A file that an import would reject is refused.
 *
 * @throws SetupError if the file cannot be read to its end
 */
export async function surveyFile(source: Source, survey: Survey, options: SurveyOptions): Promise<void> {
  const { name, body } = source
  survey.begin(name)
  try {
    const { found, bytes } = await openContent(source, options.columns)
    const refusal =
      found === undefined
        ? await new FileSurvey(bytes, source.rules, survey, options).run()
        : await surveyCsv(source, { found, bytes }, survey, options)
    if (refusal !== undefined) survey.refuse(refusal)
  } catch (error) {
    if (error instanceof VanishedFile)
      throw new SetupError(`${name} changed while it was being read. Start again.`, { cause: error })
    const code = codeOf(error)
    if (!SYSTEM_ERROR.test(code)) throw error
    throw new SetupError(`${name} cannot be read (${code}). Check that it is a file and that you have permission to read it.`, {
      cause: error,
    })
  } finally {
    body.destroy()
  }
}

/** The operating system's names for errors. A code that begins with `ERR_` is a bug in the program. */
const SYSTEM_ERROR = /^E[A-Z0-9]+$/

/** Digests that wait for an earlier one; each is as large as some thousand lines. */
const MAX_DIGESTS = 16

/** How much of the start of a file tells its format. */
const START_BYTES = 4_096

type Block = Uint8Array<ArrayBuffer>

/**
 * Surveys one file. Its first blocks are parsed here until the file is known to be JSON lines. The other blocks go to the pool, or are
 * digested here while all threads are busy. Digests are added in the order of their blocks, so it makes no difference where they were made.
 */
class FileSurvey {
  readonly #blocks: AsyncGenerator<Block, undefined>
  readonly #lineOptions: LineOptions
  readonly #survey: Survey
  readonly #pool: DigestPool
  readonly #onLines: (lines: number) => void
  readonly #digester = new Digester()
  readonly #digests: Promise<Digest>[] = []
  #unreadable: Rejection | undefined
  #isAdmitted = false

  constructor(
    bytes: AsyncIterable<Buffer>,
    rules: LineRules,
    survey: Survey,
    { maxLineBytes, pool, onLines = () => undefined }: SurveyOptions,
  ) {
    this.#blocks = this.#untilUnreadable(blocksOf(bytes))
    this.#lineOptions = { rules, maxLineBytes }
    this.#survey = survey
    this.#pool = pool
    this.#onLines = onLines
  }

  /** @returns why the file is rejected, as a whole or from some line on; undefined if it is not */
  async run(): Promise<Rejection | undefined> {
    const first = await this.#blocks.next()
    const refusal = first.done === true ? undefined : await this.#surveyHead(first.value)
    if (refusal !== undefined) {
      await this.#blocks.return(undefined) // closes the file
      return refusal
    }
    for await (const block of this.#blocks) {
      this.#startPool(block)
      await this.#digest(block)
    }
    while (this.#digests.length > 0) await this.#addDigest()
    return this.#unreadable
  }

  /** Surveys blocks until the file is admitted. @returns why it is refused */
  async #surveyHead(first: Block): Promise<Rejection | undefined> {
    for await (const admission of admit(this.#headEntries(first), { start: first.subarray(0, START_BYTES) })) {
      if (admission.kind === 'refused') return admission.rejection
      this.#isAdmitted = true
      for (const entry of admission.entries) this.#survey.add(entry)
    }
    return undefined
  }

  /** The lines of the first blocks. Ends with the block in which the file is admitted. */
  async *#headEntries(first: Block): AsyncGenerator<Iterable<Entry>> {
    yield* this.#entriesOf(first, 0)
    while (!this.#isAdmitted) {
      const next = await this.#blocks.next()
      if (next.done === true) return
      this.#startPool(next.value)
      yield* this.#entriesOf(next.value, 1)
    }
  }

  /** @param byteStart 0 for the first block of a file, in which a byte order mark is looked for */
  async *#entriesOf(block: Block, byteStart: 0 | 1): AsyncGenerator<Iterable<Entry>> {
    const { rules, maxLineBytes } = this.#lineOptions
    const { batches } = await openLines(Readable.from([Buffer.from(block.buffer)]), { maxLineBytes, byteStart })
    for await (const batch of batches) {
      yield classifyLines(batch, rules)
      this.#onLines(batch.length)
    }
  }

  /** Starts the threads when the file is known to have several blocks; that takes longer than one shorter block. */
  #startPool(block: Block): void {
    if (block.length >= BLOCK_BYTES) this.#pool.start()
  }

  async #digest(bytes: Block): Promise<void> {
    const block = { ...this.#lineOptions, bytes }
    const digest = this.#pool.digest(block) ?? Promise.resolve(await digestBlock(block, this.#digester))
    digest.catch(() => undefined) // handled in #addDigest
    this.#digests.push(digest)
    if (this.#digests.length === MAX_DIGESTS) await this.#addDigest()
  }

  async #addDigest(): Promise<void> {
    const digest = await this.#digests.shift()
    if (digest === undefined) return
    this.#survey.addDigest(digest)
    const { valid, rejected, blank } = digest.lines
    this.#onLines(valid + rejected + blank)
  }

  /** Ends where the file can be read no further, so that the lines before that point are surveyed. */
  async *#untilUnreadable(blocks: AsyncIterable<Block>): AsyncGenerator<Block, undefined> {
    try {
      yield* blocks
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error
      this.#unreadable = error.rejection
    }
    return undefined
  }
}
