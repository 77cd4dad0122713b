/** The suites that take longest in a whole run on two processors: 20 seconds to three minutes. The longest is first. */
export const LONGEST: readonly string[] = [
  'journeys/local',
  'journeys/console',
  'proof/chaos/chaos',
  'journeys/send',
  'journeys/import',
  'journeys/rejects',
  'proof/sim/exhaustive',
  'journeys/package',
  'lib/synth',
  'cli/rejects/pull',
  'journeys/page-views',
  'journeys/resume',
  'support-tests/lambda-runtime',
  'journeys/artifact-interruptions',
]

/** Suites in these folders start programs, simulate for long, or synthesize stacks: up to 20 seconds each. */
const SLOW_FOLDERS = ['journeys/', 'proof/', 'lib/']

/**
 * @param name path in test/, without .test.ts
 * @returns suites with a lower rank start earlier; those with the same rank in Jest's own order
 */
export function startRank(name: string): number {
  const place = LONGEST.indexOf(name)
  if (place !== -1) return place
  return SLOW_FOLDERS.some((folder) => name.startsWith(folder)) ? LONGEST.length : LONGEST.length + 1
}
