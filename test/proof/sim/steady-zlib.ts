import { createGunzip } from 'node:zlib'

interface Handle {
  init: (this: Handle, ...args: readonly unknown[]) => unknown
  write: (this: Handle, ...args: readonly unknown[]) => void
  readonly writeSync: (this: Handle, ...args: readonly unknown[]) => void
}

type Callback = (this: Handle) => void

const callbacks = new WeakMap<Handle, Callback>()
let isInstalled = false

/**
 * Makes zlib decompress in the thread that calls it. Otherwise it works in other threads, a virtual clock jumps on before the work is done,
 * and the same seed gives different runs.
 */
export function makeZlibSteady(): void {
  if (isInstalled) return
  isInstalled = true
  const { _handle } = createGunzip() as unknown as { readonly _handle: Handle }
  const handles = Object.getPrototypeOf(_handle) as Handle
  const { init } = handles
  handles.init = function (...args) {
    const callback = args.find((arg): arg is Callback => typeof arg === 'function')
    if (callback !== undefined) callbacks.set(this, callback)
    return init.apply(this, [...args])
  }
  handles.write = function (...args) {
    this.writeSync(...args)
    process.nextTick(() => callbacks.get(this)?.call(this))
  }
}
