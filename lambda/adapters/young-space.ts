import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Of both halves together. */
const LIMIT_BYTES = 16 * 1024 * 1024
const LOOK_EVERY_MS = 50

/**
 * Ends the growth of V8's space for young objects at 16 MB.
 *
 * It doubles until it has reached its limit, because some lines survive each round of the garbage collector, and Lambda sets that limit to a
 * tenth of the function's memory in the command line of Node, which a function cannot change. The rest would only cost memory: at 16 MB, the
 * importer needs no more CPU (docs/benchmarks.md). V8 reads the growth factor each time the space grows. At the start it raises a factor of 1
 * to 2, so the factor is set later.
 *
 * @param lookEveryMs between two looks at the size of the space
 */
export function limitYoungSpace(lookEveryMs = LOOK_EVERY_MS): void {
  const timer = setInterval(() => {
    if (youngSpaceBytes() < LIMIT_BYTES) return
    clearInterval(timer)
    setFlagsFromString('--semi-space-growth-factor=1')
  }, lookEveryMs)
  timer.unref()
}

function youngSpaceBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}
