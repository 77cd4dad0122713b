/** A figure of the benchmark. */
export interface Result {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target?: string
}

export function print(results: readonly Result[]): void {
  for (const { name, value, unit, target = '' } of results) {
    const digits = value < 0.1 ? 4 : value < 10 ? 2 : 0
    console.log(`${name.padEnd(62)} ${value.toFixed(digits).padStart(9)} ${unit.padEnd(18)} ${target}`)
  }
}
