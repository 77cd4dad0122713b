import { costOf, USUAL_IMPORT, type ImportFigures } from '../lib/cost.ts'
import type { Result } from './result.ts'

/** The function in front of an endpoint that answers after 50 ms. */
const AT_50_MS: Partial<ImportFigures> = { latencyMs: 50 }

interface Size extends Pick<ImportFigures, 'memoryMb' | 'maxInFlight'> {
  readonly target?: string
}

/** With 128 in flight, an import at 50 ms waits for answers most of the time, so its price is that of the memory. */
const SIZES: readonly Size[] = [
  { memoryMb: 512, maxInFlight: 128 },
  { memoryMb: 1024, maxInFlight: 128 },
  { memoryMb: 1024, maxInFlight: 256 },
  { memoryMb: 1769, maxInFlight: 256, target: '<= 0.0051' },
]

/** Dollars for a million lines, with the measured CPU of a line. @param cpuMicros for each line */
export function benchCost(cpuMicros: number): readonly Result[] {
  const cost = (figures: Partial<ImportFigures>) =>
    costOf({ ...USUAL_IMPORT, ...AT_50_MS, cpuSecondsPerLine: cpuMicros / 1e6, ...figures })
  return [
    ...SIZES.map(({ memoryMb, maxInFlight, target }) => ({
      name: `Lambda, a million lines, 50 ms, ${memoryMb.toLocaleString('en')} MB, ${maxInFlight} in flight`,
      value: cost({ memoryMb, maxInFlight }).lambda,
      unit: 'dollars',
      ...(target !== undefined && { target }),
    })),
    { name: 'everything, a million lines, 50 ms, 1,024 MB', value: cost({}).total, unit: 'dollars' },
  ]
}
