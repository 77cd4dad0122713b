import type { CheckOptions, FileCheck } from './check-file.ts'
import { startCheckWorker } from './check-script.ts'
import type { CheckAnswer, CheckRequest } from './check-worker.ts'

/**
 * Checks a file in a thread of its own, so that the page stays responsive.
 *
 * @throws DOMException named AbortError; Error with a message for the user
 */
export function runCheck(file: Blob, name: string, { signal, maxBytes, context, onProgress }: CheckOptions): Promise<FileCheck> {
  return new Promise<FileCheck>((resolve, reject) => {
    const worker = startCheckWorker()
    const end = () => {
      worker.terminate()
    }
    signal.addEventListener('abort', () => {
      end()
      reject(new DOMException('The check was canceled.', 'AbortError'))
    })
    worker.addEventListener('error', () => {
      end()
      reject(new Error('The check could not be started. Reload the page, or import the file without the check.'))
    })
    worker.addEventListener('message', ({ data }: MessageEvent<CheckAnswer>) => {
      if (data.kind === 'partial') {
        onProgress(data.check)
        return
      }
      end()
      if (data.kind === 'done') resolve(data.check)
      else reject(new Error(data.why))
    })
    worker.postMessage({ kind: 'file', file, name, maxBytes, context } satisfies CheckRequest)
  })
}
