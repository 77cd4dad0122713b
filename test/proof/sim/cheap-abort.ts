const ABORTED = new DOMException('This operation was aborted', 'AbortError')

/**
 * The AbortController of Node, with the same reason for every `abort()` without one. Node creates a DOMException for each, which costs more
 * than the rest of an abort, and every invocation aborts several signals whose reason is never read.
 */
class CheapAbortController extends AbortController {
  override abort(reason: unknown = ABORTED): void {
    super.abort(reason)
  }
}

/** For the code that is simulated: Node's own modules keep theirs. */
export function makeAbortCheap(): void {
  globalThis.AbortController = CheapAbortController
}
