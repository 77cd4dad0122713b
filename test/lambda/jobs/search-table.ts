/** node test/lambda/jobs/search-table.ts: how long the daily search of ten million files takes, on a virtual clock. */
import { searchDaily } from './search-simulation.ts'

const FILES = 10_000_000

console.log('| 10 million files, uploaded within | lists | reads | minutes | invocations |')
console.log('| --- | ---: | ---: | ---: | ---: |')
for (const days of [30, 1_000]) {
  const bucket = { files: FILES, filesPerDay: FILES / days, listMs: 200, readMs: 50, days: 1, isSearchedBefore: true }
  for (const { lists, reads, minutes, invocations } of await searchDaily(bucket))
    console.log(`| ${days} days | ${lists} | ${reads} | ${minutes} | ${invocations} |`)
}
