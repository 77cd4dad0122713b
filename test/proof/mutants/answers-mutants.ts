import type { Mutant } from './mutant.ts'

const JOB = ['test/lambda/jobs/answer.test.ts']

/** Mistakes about answers that are pushed. */
export const ANSWERS_MUTANTS: readonly Mutant[] = [
  {
    name: 'no answer is asked for when an import ends',
    file: 'lambda/jobs/finish.ts',
    find: 'await requestAnswer(importState.file, ports)',
    replace: '',
    tests: JOB,
  },
  {
    name: 'a run that was killed before it asked leaves its file without an answer',
    file: 'lambda/jobs/import-file.ts',
    find: 'await requestMissingAnswer(found.report, ports)',
    replace: '',
    tests: JOB,
  },
  {
    name: 'the daily search does not notice that an answer was lost',
    file: 'lambda/jobs/reconcile.ts',
    find: 'onFinal: (report) => answerLost(report, ports),',
    replace: '',
    tests: JOB,
  },
  {
    name: 'a message that is delivered twice is answered twice',
    file: 'lambda/jobs/answer.ts',
    find: 'found === undefined || !needsAnswer(found.report)',
    replace: 'found === undefined',
    tests: JOB,
  },
  {
    name: 'a channel that has accepted an answer gets it again while another one fails',
    file: 'lambda/jobs/answer.ts',
    find: "done: [...task.done, ...ended('accepted'), ...ended('refused')]",
    replace: "done: [...task.done, ...ended('refused')]",
    tests: JOB,
  },
  {
    name: 'an answer is tried again for ever',
    file: 'lambda/jobs/answer.ts',
    find: "result.kind === 'refused' || ageMs >= MAX_AGE_MS",
    replace: "result.kind === 'refused' || ageMs >= 30 * MAX_AGE_MS",
    tests: JOB,
  },
  {
    name: 'the note about an answer overwrites lines that were closed meanwhile',
    file: 'lambda/jobs/answer.ts',
    find: 'found = await reports.find(file.bucket, key)\n  }',
    replace: 'found = { ...known, tag: (await reports.find(file.bucket, key))?.tag ?? known.tag }\n  }',
    tests: JOB,
  },
  {
    name: 'a redirect of the webhook counts as accepted',
    file: 'lambda/adapters/webhook.ts',
    find: 'status >= 200 && status < 300',
    replace: 'status >= 200 && status < 400',
    tests: ['test/lambda/adapters/webhook.test.ts'],
  },
  {
    name: 'a receiver that is busy loses its answer',
    file: 'lambda/adapters/webhook.ts',
    find: 'status >= 500 || RETRIED.has(status)',
    replace: 'status >= 500',
    tests: ['test/lambda/adapters/webhook.test.ts'],
  },
  {
    name: 'the subject has characters that SNS refuses',
    file: 'lambda/answers/answer-text.ts',
    find: "return text.replaceAll(/[^\\x20-\\x7e]+/g, '?')",
    replace: 'return text',
    tests: ['test/lambda/answers/answer-text.test.ts'],
  },
  {
    name: 'each message of the schedule is answered, delivered twice or not',
    file: 'lambda/jobs/expected-file.ts',
    find: 'found.value.until >= missing.until',
    replace: 'found.value.until > missing.until',
    tests: ['test/lambda/jobs/expected-file.test.ts'],
  },
]
