/**
 * npm run mutants: makes each known mistake in a copy of the project and prints which test catches it. `-- --only TEXT` selects those with
 * the text in their name or file. Several copies are worked on side by side.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Copy, type Finding } from './apply.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const { values: flags } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const chosen = MUTANTS.filter(({ name, file }) => name.includes(flags.only) || file.includes(flags.only))
if (chosen.length === 0) throw new Error(`no mutant has "${flags.only}" in its name or file`)

await using copies = new AsyncDisposableStack()
const pool = await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), chosen.length) }, async () => copies.use(await Copy.make())),
)
const durations = await pool[0]!.measure(new Set(chosen.flatMap(({ tests }) => tests)))

const waiting = chosen.values()
const survivors: string[] = []
await Promise.all(
  pool.map(async (copy) => {
    for (const mutant of waiting) {
      const finding = await copy.try(mutant, durations)
      if (finding.kind !== 'caught') survivors.push(mutant.name)
      console.log(describe(mutant, finding))
    }
  }),
)
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants were caught`)
for (const name of survivors) console.log(`NOT CAUGHT: ${name}`)
if (survivors.length > 0) process.exitCode = 1

function describe({ name, tests }: Mutant, finding: Finding): string {
  switch (finding.kind) {
    case 'caught':
      return `caught      ${name}\n            ${finding.by}`
    case 'survived':
      return `NOT CAUGHT  ${name}\n            passed: ${tests.join(', ')}`
    case 'broken':
      return `NOT CAUGHT  ${name}\n            the tests could not be run: ${finding.why}`
  }
}
