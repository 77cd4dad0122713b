import path from 'node:path'
import TestSequencer from '@jest/test-sequencer'

/** Suites that start programs, simulate for long, or synthesize stacks: up to a minute each. */
const LONG = ['journeys', 'proof', 'lib']

/**
 * Starts the long suites first, so that no worker is left with one at the end. Jest knows from the last run how long each suite takes; on a
 * clean clone it would order them by size, and some of the longest are small.
 */
export default class LongSuitesFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted
    const [long, short] = [sorted.filter(isLong), sorted.filter((test) => !isLong(test))]
    return [...long, ...short]
  }
}

function isLong({ path: file, context }) {
  const [, folder = ''] = path.relative(context.config.rootDir, file).split(path.sep)
  return LONG.includes(folder)
}
