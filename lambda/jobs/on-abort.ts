/** Does it when the signal is raised, with the reason, at once where it was before; disposing takes it back. */
export function onAbort(signal: AbortSignal, does: (reason: Error) => void): Disposable {
  const act = (): void => {
    does(signal.reason as Error)
  }
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', act)
    },
  }
}
