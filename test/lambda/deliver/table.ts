/** npm run sim:delivery: what the delivery makes of difficult endpoints, as a table, on a virtual clock. */
import { runScenario, SCENARIOS, shareOfFirst } from './scenarios.ts'

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

console.log('| an endpoint that … | at best, lines/s | delivered, lines/s | | refused |\n| --- | ---: | ---: | ---: | ---: |')
for (const scenario of SCENARIOS) {
  const { acceptedPerSecond, refusedShare } = await runScenario(scenario, 1)
  const { endpoint, ideal } = scenario
  console.log(
    `| ${endpoint} | ${ideal.toFixed(0)} | ${acceptedPerSecond.toFixed(0)} | ${percent(acceptedPerSecond / ideal)} | ${percent(refusedShare)} |`,
  )
}
for (const startMs of [0, 60_000]) {
  const { share, total } = await shareOfFirst(startMs, 1)
  console.log(
    `two importers, the second ${startMs / 1000} s later: ${percent(share)} and ${percent(1 - share)} of ${total.toFixed(0)} lines/s`,
  )
}
