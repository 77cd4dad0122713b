import type { Mutant } from './mutant.ts'

const RULES = 'test/lambda/rules/rules.test.ts'
const IMPORTS = 'test/lambda/jobs/import-rules.test.ts'

export const RULES_MUTANTS: readonly Mutant[] = [
  {
    name: 'a rule for invalid lines changes valid ones',
    file: 'lambda/rules/line-changes.ts',
    find: 'const every = all.filter(({ isForAll }) => isForAll)',
    replace: 'const every = all',
    tests: [RULES],
  },
  {
    name: 'a line that another rule had to correct escapes the rules for all lines',
    file: 'lambda/rules/line-changes.ts',
    find: 'applied([...all, ...every], text)',
    replace: 'applied(all, text)',
    tests: [RULES],
  },
  {
    name: 'one line becomes any number of objects',
    file: 'lambda/rules/line-changes.ts',
    find: 'if (lines.length > MAX_OBJECTS) return undefined',
    replace: '',
    tests: [RULES],
  },
  {
    name: 'a line is rejected for what rules have made of it',
    file: 'lambda/parse/changed-line.ts',
    find: 'const own = every === undefined ? result : parseLine(text, rules)',
    replace: 'const own = result',
    tests: [RULES],
  },
  {
    name: 'an import that continues takes the rules of today',
    file: 'lambda/settle/checkpoint.ts',
    find: "return failure?.kind === 'failed' && newest === start.line",
    replace: 'return true',
    tests: [IMPORTS],
  },
  {
    name: 'a segment does not get the rules of its file',
    file: 'lambda/jobs/import-file.ts',
    find: 'async () => (await readingPlan)?.rules ?? []',
    replace: 'async () => []',
    tests: [IMPORTS],
  },
  {
    name: 'a redrive takes no rules',
    file: 'lambda/jobs/replay.ts',
    find: 'lineRulesFor(written, rules)',
    replace: 'lineRulesFor(written)',
    tests: [IMPORTS],
  },
  {
    name: 'a shorter prefix has its rules in place of a longer one',
    file: 'lambda/rules/rule-set.ts',
    find: 'entry.prefix.length >= (found?.prefix.length ?? 0)',
    replace: 'true',
    tests: [IMPORTS],
  },
  {
    name: 'rules that cannot be used are ignored',
    file: 'lambda/rules/rule-set.ts',
    find: 'if (typeof rules === \'string\') return fail(`For "${entry.prefix}": ${rules}`)',
    replace: '',
    tests: [IMPORTS],
  },
  {
    name: 'a value is merged into another one of the same dotted name',
    file: 'lambda/rules/fixes/flatten.ts',
    find: 'names.size < count || ',
    replace: '',
    tests: [RULES],
  },
]
