/** npm run mutants: makes each known mistake in a copy of the project and prints which test catches it. `-- --only TEXT` selects some. */
import { parseArgs } from 'node:util'
import { Copy } from './apply.ts'
import { MUTANTS } from './mutants.ts'

const { values: flags } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const chosen = MUTANTS.filter(({ name }) => name.includes(flags.only))

await using copy = await Copy.make()
// A test that fails without the mistake proves nothing.
const failing = await copy.firstFailure(new Set(chosen.flatMap(({ tests }) => tests)))
if (failing !== undefined) throw new Error(`the importer fails without a mistake: ${failing}`)
let caught = 0
for (const mutant of chosen) {
  const by = await copy.catch(mutant)
  if (by !== undefined) caught += 1
  console.log(
    `${by === undefined ? 'NOT CAUGHT' : 'caught'}  ${mutant.name}\n        ${by ?? `passed: ${mutant.tests.join(', ')}`}`,
  )
}
console.log(`${caught} of ${chosen.length} mutants were caught`)
if (caught < chosen.length) process.exitCode = 1
