/** npm run sim:delivery: what the delivery makes of difficult endpoints, as a table, on a virtual clock. Ten seeds each. */
import { runScenario, SCENARIOS, shareOfFirst } from './scenarios.ts'

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1)

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

console.log(
  '| an endpoint that … | at best, lines/s | delivered, lines/s | | worst | refused | most |\n' +
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
)
for (const scenario of SCENARIOS) {
  const accepted: number[] = []
  const refused: number[] = []
  for (const seed of SEEDS) {
    const { acceptedPerSecond, refusedShare } = await runScenario(scenario, seed)
    accepted.push(acceptedPerSecond)
    refused.push(refusedShare)
  }
  const { endpoint, ideal } = scenario
  const cells = [
    endpoint,
    ideal.toFixed(0),
    median(accepted).toFixed(0),
    percent(median(accepted) / ideal),
    percent(Math.min(...accepted) / ideal),
    percent(median(refused)),
    percent(Math.max(...refused)),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
for (const startMs of [0, 300, 60_000]) {
  const shares: number[] = []
  for (const seed of SEEDS) {
    const { share } = await shareOfFirst(startMs, seed)
    shares.push(Math.min(share, 1 - share))
  }
  console.log(
    `two importers, the second ${startMs / 1000} s later: the slower one gets ${percent(median(shares))}, at worst ${percent(Math.min(...shares))}`,
  )
}
