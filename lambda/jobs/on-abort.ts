/** Calls `listener` with the abort reason, immediately if the signal is already aborted. Dispose to remove it. */
export function onAbort(signal: AbortSignal, listener: (reason: Error) => void): Disposable {
  const call = (): void => {
    listener(signal.reason as Error)
  }
  if (signal.aborted) call()
  else signal.addEventListener('abort', call, { once: true })
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', call)
    },
  }
}
