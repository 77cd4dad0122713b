import { sqsDeadLetterReader } from '../../lambda/adapters/sqs.ts'
import { inBatches, takeAll } from '../../lambda/archive/dead-letter-reader.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { contentOf, type Content } from './content.ts'
import { ArchivedFiles } from './archived-files.ts'
import type { DeadLetterReader } from '../../lambda/ports.ts'

/** A dead letter, wherever it is kept. */
export interface Reject {
  /** Of the message that it is or was. */
  readonly id: string
  readonly sentAt: Date
  readonly body: string
  readonly content: Content
  readonly kept: 'queue' | 'archived' | 'quarantined'
  /** Whether it is meant by who says "all": not what a person put away, and not what failed again and again. */
  readonly isInAll: boolean
}

interface DeploymentClients {
  receipt?: string
  readonly files: Set<string>
}

/** Dead letters that were kept back from everybody else, until they are removed or put back. */
export class HeldDeadLetters implements AsyncDisposable {
  /** Whether everything that waits was seen. */
  isWhole = true
  readonly #places = new Map<string, DeploymentClients>()
  readonly #box: DeadLetterReader
  readonly #archived: ArchivedFiles

  constructor(box: DeadLetterReader, archived: ArchivedFiles) {
    this.#box = box
    this.#archived = archived
  }

  has(id: string): boolean {
    return this.#places.has(id)
  }

  hold(id: string, deployment: { readonly receipt: string } | { readonly file: string }): void {
    const places = this.#places.get(id) ?? { files: new Set() }
    if ('receipt' in deployment) places.receipt = deployment.receipt
    else places.files.add(deployment.file)
    this.#places.set(id, places)
  }

  /** To be called when whatever they are about is safe elsewhere. */
  async remove(ids: readonly string[]): Promise<void> {
    const byFile = new Map<string, Set<string>>()
    const waiting: { readonly id: string; readonly receipt: string }[] = []
    for (const id of ids) {
      const { receipt, files = new Set<string>() } = this.#places.get(id) ?? {}
      if (receipt !== undefined) waiting.push({ id, receipt })
      for (const file of files) byFile.set(file, (byFile.get(file) ?? new Set()).add(id))
    }
    await inBatches(waiting, async (batch) => {
      await this.#box.remove(batch)
      for (const { id } of batch) this.#places.delete(id)
    })
    for (const [file, inFile] of byFile) await this.#archived.remove(file, inFile)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const receipts = [...this.#places.values()].flatMap(({ receipt }) => (receipt === undefined ? [] : [{ receipt }]))
    await inBatches(receipts, (batch) => this.#box.putBack(batch)).catch(() => undefined) // they are seen again by themselves
  }
}

/**
 * Looks through everything that waits, in the queue and under `archived/`. What is not wanted is seen again by everybody when it returns,
 * also where it was interrupted.
 *
 * @param wants told of each once
 * @throws what S3 or SQS said
 */
export async function collect(
  { s3, sqs, bucket, deadLetterQueueUrl }: Deployment,
  wants: (reject: Reject) => boolean,
  signal: AbortSignal,
) {
  const box = sqsDeadLetterReader(sqs, deadLetterQueueUrl)
  const archived = new ArchivedFiles(s3, bucket)
  const held = new HeldDeadLetters(box, archived)
  const unwanted: { readonly receipt: string }[] = []
  const seen = new Set<string>()
  try {
    held.isWhole = await takeAll(
      box,
      ({ id, body, sentAt, receipt }) => {
        seen.add(id)
        if (wants({ id, sentAt, body, content: contentOf(body), kept: 'queue', isInAll: true })) held.hold(id, { receipt })
        else unwanted.push({ receipt })
      },
      signal,
    )
    await archived.each(({ id, body, sentAt, why }, file) => {
      // A run that broke off has left it in two places; removing it removes it from both.
      const isWanted = seen.has(id)
        ? held.has(id)
        : wants({
            id,
            sentAt: new Date(sentAt),
            body,
            content: contentOf(body),
            kept: why === 'replayed' ? 'quarantined' : 'archived',
            isInAll: why === 'old',
          })
      seen.add(id)
      if (isWanted) held.hold(id, { file })
    }, signal)
    return held
  } catch (error) {
    await held[Symbol.asyncDispose]()
    throw error
  } finally {
    await inBatches(unwanted, (batch) => box.putBack(batch)).catch(() => undefined)
  }
}
