import type { Mutant } from './mutant.ts'

const RULES = 'test/lambda/rules/rules.test.ts'
const IMPORTS = 'test/lambda/jobs/import-rules.test.ts'
const COLUMNS = 'test/lambda/jobs/columns-rule.test.ts'
const CONSOLE = 'test/cli/console/api.test.ts'
const JOURNEY = 'test/journeys/rules.test.ts'
const SEND = 'test/journeys/send.test.ts'

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
  {
    name: 'a CSV file is split if its mapping is removed while it is imported',
    file: 'lambda/jobs/import-rules.ts',
    find: 'checkpoint === undefined || checkpoint.failure !== undefined ? readRules()',
    replace: 'true ? readRules()',
    tests: [COLUMNS],
  },
  {
    name: 'a file that was rejected before it was split stays split when a mapping is added',
    file: 'lambda/jobs/import-file.ts',
    find: 'usedPlan(await readingPlan, task)',
    replace: 'await readingPlan',
    tests: [COLUMNS],
  },
  {
    name: 'the survey reads a CSV file without its mapping',
    file: 'lambda/jobs/survey-lines.ts',
    find: 'readOptions(opened, rules)',
    replace: 'readOptions(opened, [])',
    tests: [COLUMNS],
  },
  {
    name: 'a redrive reads a row without the mapping of its import',
    file: 'lambda/jobs/replay.ts',
    find: 'readOptions(opened, deadLetter.rules)',
    replace: 'readOptions(opened, [])',
    tests: [COLUMNS],
  },
  {
    name: 'a mapping that cannot be used is stored',
    file: 'lambda/rules/rule-set.ts',
    find: 'if (columnsFault !== undefined) return columnsFault',
    replace: '',
    tests: [COLUMNS],
  },
  {
    name: 'a file of fixed lines has the rules of its own prefix',
    file: 'lambda/jobs/import-rules.ts',
    find: 'if (isReplayFile(key)) return () => Promise.resolve([])',
    replace: '',
    tests: [IMPORTS],
  },
  {
    name: 'a line that is fixed by hand escapes the rules of its file',
    file: 'cli/rejects/replay-lines.ts',
    find: 'byTheirRules(edited, (id) => deadLetters.get(id))',
    replace: 'edited',
    tests: [JOURNEY],
  },
  {
    name: 'an interrupted send continues with other rules',
    file: 'cli/send/same-rules.ts',
    find: 'if (areSameRules(begun, rules)) return',
    replace: 'return',
    tests: [SEND],
  },
  {
    name: 'cancel lists lines that the endpoint has refused',
    file: 'cli/control/sent-lines.ts',
    find: 'if (stored !== undefined) return stored.lines',
    replace: '',
    tests: ['test/journeys/control.test.ts'],
  },
  {
    name: 'cancel lists lines as they were before the rules',
    file: 'cli/control/sent-lines.ts',
    find: 'texts: sentForm(line.text, lineRules) ?? []',
    replace: 'texts: [line.text]',
    tests: ['test/journeys/control.test.ts'],
  },
  {
    name: 'a comparison with an export forgets the rules that a file was imported with',
    file: 'lambda/jobs/finish.ts',
    find: "if (failure?.kind !== 'failed') await recordRules(importState, ports)",
    replace: '',
    tests: ['test/cli/reconcile/reconcile.test.ts'],
  },
  {
    name: 'the page saves a rule that takes the rules of a shorter prefix away',
    file: 'cli/console/prefix-rules.ts',
    find: 'if (trial.refusal !== undefined) throw new RequestError(409, trial.refusal)',
    replace: '',
    tests: [CONSOLE],
  },
]
