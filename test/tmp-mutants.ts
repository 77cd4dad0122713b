import { Copy } from './proof/mutants/apply.ts'
import { SAFETY_MUTANTS } from './proof/mutants/safety-mutants.ts'
await using copy = await Copy.make()
const chosen = SAFETY_MUTANTS.map((m) => ({ ...m, tests: m.tests.slice(0, 1) }))
const durations = await copy.measure(new Set(chosen.flatMap(({ tests }) => tests)))
for (const mutant of chosen) console.log(mutant.name, JSON.stringify(await copy.try(mutant, durations)))
