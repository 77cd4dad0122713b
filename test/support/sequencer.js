import path from 'node:path'
import TestSequencer from '@jest/test-sequencer'
import { startRank } from './suite-order.ts'

/**
 * Starts the long suites first, so that no worker is left with one at the end. Jest knows from the last run how long each suite takes; on a
 * clean clone it would order them by size, and some of the longest are small.
 */
export default class LongSuitesFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b))
  }
}

function rankOf({ path: file, context }) {
  const name = path.relative(path.join(context.config.rootDir, 'test'), file).replaceAll(path.sep, '/')
  return startRank(name.replace(/\.test\.ts$/, ''))
}
