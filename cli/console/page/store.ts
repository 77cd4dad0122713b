import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** A value that several parts of the page look at, and that outlives each of them. */
export interface Store<T> {
  get(): T
  set(next: T): void
  /** @returns what ends it */
  subscribe(listener: () => void): () => void
}

export function createStore<T>(value: T): Store<T> {
  let current = value
  const listeners = new Set<() => void>()
  return {
    get: () => current,
    set(next) {
      if (Object.is(next, current)) return
      current = next
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What a store holds, and what a part of it does: the caller is drawn again only where that has changed. */
export function useStore<T>(store: Store<T>): T
export function useStore<T, P>(store: Store<T>, part: (value: T) => P): P
export function useStore<T, P>(store: Store<T>, part?: (value: T) => P): T | P {
  const value = part === undefined ? store.get() : part(store.get())
  const [, redraw] = useState<unknown>(value)
  const latest = useRef(part)
  latest.current = part
  useLayoutEffect(() => {
    const look = () => {
      const next = latest.current === undefined ? store.get() : latest.current(store.get())
      redraw(() => next)
    }
    look() // it may have changed since it was drawn
    return store.subscribe(look)
  }, [store])
  return value
}

/** Read aloud by screen readers, once. */
export const announcement = createStore('')

export function announce(text: string): void {
  announcement.set(text)
}
