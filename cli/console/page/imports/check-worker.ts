import type { CheckContext } from '../../api-types.ts'
import { checkFile, type FileCheck } from './check-file.ts'

/** What the page asks of the worker. */
export interface CheckRequest {
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

function answer(message: CheckAnswer): void {
  postMessage(message)
}

// The page ends the worker to cancel a check.
addEventListener('message', ({ data: { file, name, maxBytes, context } }: MessageEvent<CheckRequest>) => {
  const onProgress = (check: FileCheck) => {
    answer({ kind: 'partial', check })
  }
  checkFile(file, name, { signal: new AbortController().signal, maxBytes, context, onProgress }).then(
    (check) => {
      answer({ kind: 'done', check })
    },
    (error: unknown) => {
      answer({ kind: 'failed', why: error instanceof Error ? error.message : String(error) })
    },
  )
})
