import type { Mutant } from './mutant.ts'

const SEARCH = ['test/lambda/jobs/search.test.ts']
const DOCTOR = ['test/cli/doctor/checks.test.ts']

/** Mistakes of the daily search that forget a file, or make it slow; and of the doctor and backfill. */
export const DOCTOR_MUTANTS: readonly Mutant[] = [
  {
    name: 'the daily search reads a report that is known to be final',
    file: 'lambda/jobs/search.ts',
    find: 'hasNews(listedAt) || isKnownFinal(key, listedAt)',
    replace: 'hasNews(listedAt)',
    tests: SEARCH,
  },
  {
    name: 'the daily search takes each old report for final',
    file: 'lambda/jobs/search.ts',
    find: '&& !knownUnfinished.has(key)',
    replace: '',
    tests: SEARCH,
  },
  {
    name: 'the daily search takes a report for final that was written since',
    file: 'lambda/jobs/search.ts',
    find: 'writtenAt <= options.last.finalUntil',
    replace: 'true',
    tests: SEARCH,
  },
  {
    name: 'the daily search takes a listed report for a final one',
    file: 'lambda/jobs/search.ts',
    find: '(hasNews(listedAt) || isKnownFinal(key, listedAt))',
    replace: 'true',
    tests: SEARCH,
  },
  {
    name: 'the daily search forgets unfinished reports if there are many',
    file: 'lambda/jobs/reconcile.ts',
    find: 'Math.min(finalUntil, ...more.slice(room).map(({ writtenAt }) => writtenAt - 1))',
    replace: 'finalUntil',
    tests: SEARCH,
  },
  {
    name: 'the daily search trusts what an older version has begun',
    file: 'lambda/jobs/reconcile.ts',
    find: 'if (isWholeSince) await',
    replace: 'await',
    tests: SEARCH,
  },
  {
    name: 'the daily search trusts the last one although files come from another place',
    file: 'lambda/jobs/last-search.ts',
    find: 'success && output.scope === listing.scope',
    replace: 'success',
    tests: ['test/lambda/jobs/last-search.test.ts'],
  },
  {
    name: 'a listing of reports begins at the report of the first file',
    file: 'lambda/jobs/listed-reports.ts',
    find: '.toSorted(inOrderOfS3)',
    replace: '',
    tests: ['test/lambda/jobs/listed-reports.test.ts'],
  },
  {
    name: 'backfill takes a day for its first moment',
    file: 'cli/backfill/selection.ts',
    find: 'to: day + DAY_MS',
    replace: 'to: day + 1',
    tests: ['test/cli/backfill/selection.test.ts'],
  },
  {
    name: 'backfill searches places outside the prefix',
    file: 'cli/backfill/selection.ts',
    find: 'place.prefix.startsWith(prefix) ? [place] : []',
    replace: '[place]',
    tests: ['test/cli/backfill/selection.test.ts'],
  },
  {
    name: 'the doctor takes events of one suffix for events of all files',
    file: 'cli/doctor/check-notifications.ts',
    find: "&& suffixOf(Filter) === ''",
    replace: '',
    tests: DOCTOR,
  },
  {
    name: 'the doctor takes one kind of event for all',
    file: 'cli/doctor/check-notifications.ts',
    find: "!events.includes('s3:ObjectCreated:*') && !events.includes(event)",
    replace: 'events.length === 0',
    tests: DOCTOR,
  },
  {
    name: 'the command of the doctor drops the other notifications of a bucket',
    file: 'cli/doctor/check-notifications.ts',
    find: 'return { ...notifications, QueueConfigurations:',
    replace: 'return { QueueConfigurations:',
    tests: DOCTOR,
  },
  {
    name: 'the doctor takes a certificate that is not valid for an unreachable endpoint',
    file: 'cli/doctor/check-endpoint.ts',
    find: 'if (isTlsError(code))',
    replace: 'if (false)',
    tests: DOCTOR,
  },
]
