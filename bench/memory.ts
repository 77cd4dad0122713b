import { asBytes, longLines } from './files.ts'
import type { Lab } from './lab.ts'
import type { Result } from './result.ts'

const MEGABYTE = 1_000_000
const LONG_LINE_BYTES = 7_000

/** Peak memory of the function for files of different sizes, with the heap that Lambda gives it. @param sizes in megabytes */
export async function benchMemory(lab: Lab, sizes: readonly number[]): Promise<readonly Result[]> {
  const peaks: number[] = []
  for (const megabytes of sizes) {
    const { peakRssBytes } = await lab.importOnce(asBytes(longLines((megabytes * MEGABYTE) / LONG_LINE_BYTES)))
    peaks.push(peakRssBytes / MEGABYTE)
  }
  return [
    ...peaks.map((value, index) => ({
      name: `peak RSS, file of ${(sizes[index] ?? 0).toLocaleString('en')} MB, as Lambda starts Node`,
      value,
      unit: 'MB',
      target: '< 200',
    })),
    { name: 'peak RSS, largest difference', value: Math.max(...peaks) - Math.min(...peaks), unit: 'MB', target: '<= 20' },
  ]
}
