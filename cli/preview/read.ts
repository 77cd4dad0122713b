import { Readable } from 'node:stream'
import { SetupError, codeOf } from '../../lambda/errors.ts'
import { FormatSniffer, type SniffResult } from '../../lambda/parse/sniff.ts'
import { diagnoseBytes } from '../../lambda/parse/diagnose.ts'
import type { LineRules } from '../../lambda/parse/line.ts'
import { isGzip, openLines, UnreadableFile, VanishedFile } from '../../lambda/read/lines.ts'
import { asUnreadable, gunzip } from '../../lambda/read/gunzip.ts'
import { reject, type Rejection } from '../../lambda/reasons.ts'
import { BLOCK_BYTES, blocksOf } from './digest/blocks.ts'
import { digestBlock, type LineOptions } from './digest/digest-block.ts'
import type { DigestPool } from './digest/digest-pool.ts'
import { Digester, type Digest } from './digest/digest.ts'
import { classifyLines } from './digest/classify-line.ts'
import type { Survey } from './survey/survey.ts'

/** A file that is open. */
export interface Source {
  /** As the person named it. */
  readonly name: string
  readonly body: Readable
  readonly rules: LineRules
}

export interface SurveyOptions {
  readonly maxLineBytes: number
  readonly pool: DigestPool
  /** Told now and then. */
  readonly onLines?: (lines: number) => void
}

/**
 * Has the survey see all lines of a file, in the way of an import: what an import would hand back as a whole is refused.
 *
 * @throws SetupError where the file cannot be read to its end
 */
export async function surveyFile(source: Source, survey: Survey, options: SurveyOptions): Promise<void> {
  const { name, body } = source
  survey.begin(name)
  try {
    const refusal = await new FileSurvey(source, survey, options).run()
    if (refusal !== undefined) survey.refuse(refusal)
  } catch (error) {
    if (error instanceof VanishedFile)
      throw new SetupError(`${name} was changed while it was read. Start again.`, { cause: error })
    const code = codeOf(error)
    if (!FROM_OUTSIDE.test(code)) throw error
    throw new SetupError(`${name} cannot be read (${code}). Check that it is a file, and that you may read it.`, { cause: error })
  } finally {
    body.destroy()
  }
}

/** As the operating system names errors; what begins with `ERR_` is a fault of the program. */
const FROM_OUTSIDE = /^E[A-Z0-9]+$/

/** Digests that wait for an earlier one; each is as large as some thousand lines. */
const MAX_DIGESTS = 16

/**
 * One file: its first blocks are looked at here, until it is known to be a file of JSON lines; the others go to the pool, or are digested
 * here where that has enough to do. Digests are taken in order, so that it makes no difference where they were made.
 */
class FileSurvey {
  readonly #body: Readable
  readonly #lineOptions: LineOptions
  readonly #survey: Survey
  readonly #pool: DigestPool
  readonly #onLines: (lines: number) => void
  readonly #sniffer = new FormatSniffer(false)
  readonly #digester = new Digester()
  readonly #digests: Promise<Digest>[] = []
  #isAdmitted = false

  constructor({ body, rules }: Source, survey: Survey, { maxLineBytes, pool, onLines = nothing }: SurveyOptions) {
    this.#body = body
    this.#lineOptions = { rules, maxLineBytes }
    this.#survey = survey
    this.#pool = pool
    this.#onLines = onLines
  }

  /** @returns why the file comes back as a whole, or from where it is broken, where it does */
  async run(): Promise<Rejection | undefined> {
    let failure: Rejection | undefined
    let blocks = 0
    try {
      for await (const block of blocksOf(unpacked(this.#body))) {
        if (blocks > 0 && block.length >= BLOCK_BYTES) this.#pool.start() // a thread takes longer to start than one shorter block
        if (this.#isAdmitted) await this.#passOn(block)
        else {
          const refusal = await this.#lookAt(block, blocks === 0)
          if (refusal !== undefined) return refusal
        }
        blocks += 1
      }
    } catch (error) {
      const unreadable = asUnreadable(error)
      if (!(unreadable instanceof UnreadableFile)) throw error
      failure = reject('object_unreadable', unreadable.message)
    }
    while (this.#digests.length > 0) await this.#takeOne()
    return this.#pass(this.#sniffer.end()) ?? failure
  }

  async #lookAt(block: Uint8Array<ArrayBuffer>, isFirst: boolean): Promise<Rejection | undefined> {
    const unsupported = isFirst ? diagnoseBytes(block.subarray(0, START_BYTES)) : undefined
    if (unsupported !== undefined) return unsupported
    const { rules, maxLineBytes } = this.#lineOptions
    const { batches } = await openLines(Readable.from([Buffer.from(block.buffer)]), { maxLineBytes, byteStart: isFirst ? 0 : 1 })
    for await (const batch of batches) {
      const refusal = this.#pass(this.#sniffer.admit(classifyLines(batch, rules)))
      if (refusal !== undefined) return refusal
      this.#onLines(batch.length)
    }
    return undefined
  }

  #pass(sniffed: SniffResult): Rejection | undefined {
    if (sniffed.kind === 'refused') return sniffed.rejection
    if (sniffed.kind === 'held') return undefined
    this.#isAdmitted = true
    for (const entry of sniffed.entries) this.#survey.add(entry)
    return undefined
  }

  async #passOn(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const block = { ...this.#lineOptions, bytes }
    const digest = this.#pool.digest(block) ?? Promise.resolve(await digestBlock(block, this.#digester))
    digest.catch(() => undefined) // it is met where it is taken
    this.#digests.push(digest)
    if (this.#digests.length === MAX_DIGESTS) await this.#takeOne()
  }

  async #takeOne(): Promise<void> {
    const digest = await this.#digests.shift()
    if (digest === undefined) return
    this.#survey.addDigest(digest)
    const { valid, rejected, blank } = digest.lines
    this.#onLines(valid + rejected + blank)
  }
}

function nothing(): void {
  // nobody wants to be told
}

const START_BYTES = 4_096

/** What is in a file, which may be packed. */
async function* unpacked(body: Readable): AsyncGenerator<Buffer> {
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    start = Buffer.concat([start, next.value])
    if (start.length >= 2) break // a pipe may bring one byte at a time
  }
  const all = andThen(start, { [Symbol.asyncIterator]: () => chunks })
  yield* isGzip(start) ? gunzip(all) : all
}

async function* andThen(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield start
  yield* rest
}
