import type { CheckContext } from '../../api-types.ts'
import { checkFile, type FileCheck } from './check-file.ts'
import { RangeDigester } from './digest-range.ts'
import { WorkerHelper } from './range-helpers.ts'
import type { RangeAnswer, RangeRequest } from './range-messages.ts'

/** What the page asks of the worker. */
export interface CheckRequest {
  readonly kind: 'file'
  readonly file: Blob
  readonly name: string
  readonly maxBytes: number
  readonly context: CheckContext
}

/** What the worker answers: any number of partial results, then one of the others. */
export type CheckAnswer =
  | { readonly kind: 'partial'; readonly check: FileCheck }
  | { readonly kind: 'done'; readonly check: FileCheck }
  | { readonly kind: 'failed'; readonly why: string }

/** One more thread adds the digests, which is a tenth of the work. */
const MAX_HELPERS = 4

function answer(message: CheckAnswer | RangeAnswer, transferred: Transferable[] = []): void {
  postMessage(message, { transfer: transferred })
}

const failed = (error: unknown) => ({ kind: 'failed', why: error instanceof Error ? error.message : String(error) }) as const

function check({ file, name, maxBytes, context }: CheckRequest): void {
  const onProgress = (partial: FileCheck) => {
    answer({ kind: 'partial', check: partial })
  }
  const helpers = Math.min(MAX_HELPERS, navigator.hardwareConcurrency)
  const startHelpers = () => Array.from({ length: helpers }, () => new WorkerHelper())
  checkFile(file, name, {
    signal: new AbortController().signal, // the page ends the worker, and with it the helpers, to cancel a check
    maxBytes,
    context,
    onProgress,
    ...(helpers > 1 && { startHelpers }),
  }).then(
    (done) => {
      answer({ kind: 'done', check: done })
    },
    (error: unknown) => {
      answer(failed(error))
    },
  )
}

let digester: RangeDigester | undefined
/** Settles when the range before is answered: the digester makes one digest at a time. */
let digesting: Promise<unknown> = Promise.resolve()

async function digest({ range, rules }: RangeRequest): Promise<void> {
  try {
    digester ??= new RangeDigester(rules)
    const digested = await digester.digest(range)
    const { identities, occurrences } = digested.digest
    answer({ kind: 'digest', digest: digested }, [identities.buffer, occurrences.buffer])
  } catch (error) {
    answer(error instanceof DOMException ? { kind: 'unreadable' } : failed(error))
  }
}

addEventListener('message', ({ data }: MessageEvent<CheckRequest | RangeRequest>) => {
  if (data.kind === 'file') check(data)
  else digesting = digesting.then(() => digest(data))
})
