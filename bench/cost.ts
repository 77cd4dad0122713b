import { costOf, USUAL_IMPORT, type ImportFigures } from '../lib/cost.ts'
import type { Result } from './result.ts'

/** The function in front of an endpoint that answers after 50 ms. */
const AT_50_MS: Partial<ImportFigures> = { latencyMs: 50 }

/** Dollars for a million lines, with the measured CPU of a line. @param cpuMicros for each line */
export function benchCost(cpuMicros: number): readonly Result[] {
  const cost = (figures: Partial<ImportFigures>) =>
    costOf({ ...USUAL_IMPORT, ...AT_50_MS, cpuSecondsPerLine: cpuMicros / 1e6, ...figures })
  return [
    ...[512, 1024, 1769].map((memoryMb) => ({
      name: `Lambda, a million lines, 50 ms, ${memoryMb.toLocaleString('en')} MB`,
      value: cost({ memoryMb }).lambda,
      unit: 'dollars',
      ...(memoryMb === USUAL_IMPORT.memoryMb && { target: '<= 0.0051' }),
    })),
    { name: 'everything, a million lines, 50 ms, 1,024 MB', value: cost({}).total, unit: 'dollars' },
  ]
}
