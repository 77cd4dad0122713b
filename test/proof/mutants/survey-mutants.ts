import type { Mutant } from './mutant.ts'

const GROUPS = ['test/lambda/survey/alias-groups.test.ts']
const HOLDS = ['test/lambda/survey/holds.test.ts']
const MONTH = ['test/lambda/survey/ordinary-month.test.ts']
const PROFILE = ['test/lambda/survey/profile.test.ts']
const SURVEY = ['test/lambda/survey/survey.test.ts']

/** Mistakes that would let a wrong file through, hold an ordinary one, or store who is in it. */
export const SURVEY_MUTANTS: readonly Mutant[] = [
  {
    name: 'only aliases to one identity count, and not a chain of them',
    file: 'lambda/survey/alias-groups.ts',
    find: 'this.#unite(this.#people.rootOf(a), this.#people.rootOf(b), line)',
    replace: 'this.#unite(a, b, line)',
    tests: GROUPS,
  },
  {
    name: 'a repeated pair counts as another identity',
    file: 'lambda/survey/alias-groups.ts',
    find: 'a === b ? this.sizeOf(a) : this.sizeOf(a) + this.sizeOf(b)',
    replace: 'this.sizeOf(a) + this.sizeOf(b)',
    tests: GROUPS,
  },
  {
    name: 'two identities that share half of their fingerprint are one',
    file: 'lambda/survey/alias-groups.ts',
    find: 'this.#lows[index] === low && this.#highs[index] === high',
    replace: 'this.#lows[index] === low',
    tests: GROUPS,
  },
  {
    name: 'a file with more aliases than can be compared counts as checked',
    file: 'lambda/survey/alias-groups.ts',
    find: 'this.#isComplete = false',
    replace: '',
    tests: GROUPS,
  },
  {
    name: 'aliases are compared within each segment only',
    file: 'lambda/survey/survey.ts',
    find: 'joinGroups(aliases.groups, this.#aliases, linesBefore)',
    replace: 'this.#aliases.note(aliases.largest ?? { identities: 0, first: 0 })',
    tests: SURVEY,
  },
  {
    name: 'a survey keeps the values of properties',
    file: 'lambda/survey/survey.ts',
    find: 'this.#properties.add(name, isNumeric(value), line)',
    replace: 'this.#properties.add(`${name}: ${value}`, isNumeric(value), line)',
    tests: SURVEY,
  },
  {
    name: 'an alias to a placeholder with invisible characters is an ordinary one',
    file: 'lambda/survey/survey.ts',
    find: "trimmed(identity.replace(DISGUISE, ''))",
    replace: 'trimmed(identity)',
    tests: SURVEY,
  },
  {
    name: 'the names of a file are kept without a bound',
    file: 'lambda/survey/name-counts.ts',
    find: 'this.#names.size === MAX_NAMES || ',
    replace: '',
    tests: SURVEY,
  },
  {
    name: 'a person may be merged from one identity more than the setting says',
    file: 'lambda/survey/find-merges.ts',
    find: 'largest.identities - 1 > limit',
    replace: 'largest.identities - 2 > limit',
    tests: HOLDS,
  },
  {
    name: 'a replay is not checked for merges',
    file: 'lambda/survey/holds.ts',
    find: 'if (isReplay || linesOf(survey) < MIN_LINES) return merges',
    replace: 'if (isReplay) return []\n  if (linesOf(survey) < MIN_LINES) return merges',
    tests: HOLDS,
  },
  {
    name: 'a file that breaks off is not checked, although its first lines are sent',
    file: 'lambda/survey/holds.ts',
    find: "survey.refused !== undefined && survey.refused !== 'object_unreadable'",
    replace: 'survey.refused !== undefined',
    tests: HOLDS,
  },
  {
    name: 'the fuse only knows shares: ten million dead letters of a billion lines are ordinary',
    file: 'lambda/survey/find-rejected.ts',
    find: '!isMany && same <= EXTREME_FACTOR * sameReasonLines',
    replace: '!isMany',
    tests: HOLDS,
  },
  {
    name: 'the fuse only knows numbers: 1 % of a very large file is held',
    file: 'lambda/survey/find-rejected.ts',
    find: 'same > sameReasonLines && same * 100 > ORDINARY_PERCENT * lines',
    replace: 'same > sameReasonLines',
    tests: HOLDS,
  },
  {
    name: 'a name in other capitals is new, although Kissmetrics does not distinguish them',
    file: 'lambda/survey/profile.ts',
    find: 'return foldName(normalizeName(name))',
    replace: 'return normalizeName(name)',
    tests: HOLDS,
  },
  {
    name: 'names that differ in a currency are similar',
    file: 'lambda/survey/find-unusual-names.ts',
    find: "return `${meaningOf(name)} ${name.replace(/[^\\p{S}#%&@*]/gu, '')}`",
    replace: 'return meaningOf(name)',
    tests: HOLDS,
  },
  {
    name: 'a type is compared although earlier files do not agree on it',
    file: 'lambda/survey/find-unusual-names.ts',
    find: '/^n+$/.test(types)',
    replace: "types.endsWith('n')",
    tests: HOLDS,
  },
  {
    name: 'the first Saturday of a prefix is held',
    file: 'lambda/survey/find-unusual-lines.ts',
    find: 'files.length < MIN_FILES || covered < MIN_DAYS',
    replace: 'files.length < MIN_FILES',
    tests: MONTH,
  },
  {
    name: 'a few late lines hold a file',
    file: 'lambda/survey/find-unusual-lines.ts',
    find: ' || lines * 100 <= sumOf(survey.days)',
    replace: '',
    tests: HOLDS,
  },
  {
    name: 'a file is learned again when its import ends a second time',
    file: 'lambda/survey/profile.ts',
    find: ' || before.files.some((file) => file.at === at && file.lines === lines)',
    replace: '',
    tests: PROFILE,
  },
  {
    name: 'the names of a profile are kept without a bound',
    file: 'lambda/survey/profile.ts',
    find: 'return [...names.values()].slice(-MAX_NAMES)',
    replace: 'return [...names.values()]',
    tests: PROFILE,
  },
  {
    name: 'fields that a newer version has stored in a profile are lost',
    file: 'lambda/survey/profile.ts',
    find: 'names.set(key, { ...before, name: use.name',
    replace: 'names.set(key, { name: use.name',
    tests: PROFILE,
  },
]
