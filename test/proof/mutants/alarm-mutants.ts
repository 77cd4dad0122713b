import type { Mutant } from './mutant.ts'

/** Mistakes that leave an alarm green while its cause lasts, or red without one. */
export const ALARM_MUTANTS: readonly Mutant[] = [
  {
    name: 'nothing ends the alarm of an outage',
    file: 'lambda/events.ts',
    find: "if (delivered > 0) log.count('EndpointDown', 0)",
    replace: '',
    tests: ['test/lambda/events.test.ts', 'test/lib/alarms/alarms.test.ts'],
  },
  {
    name: 'work that waits is as old as its last message',
    file: 'lambda/jobs/requeue.ts',
    find: 'taskBody({ ...task, since, reached, delays: delays + 1 })',
    replace: 'taskBody({ ...task, reached, delays: delays + 1 })',
    tests: ['test/lambda/jobs/requeue.test.ts'],
  },
  {
    name: 'a setup error at the queue is a crash',
    file: 'lambda/jobs/dispatch.ts',
    find: 'if (error instanceof SetupError) logSetupError(error, { events }) else if (error instanceof UnknownMessageError)',
    replace: 'if (error instanceof UnknownMessageError)',
    tests: ['test/lambda/jobs/dispatch.test.ts'],
  },
  {
    name: 'an alarm is over before its cause is tried again',
    file: 'lib/alarm-rules.ts',
    find: 'const WHILE_IT_IS_RETRIED = { datapoints: 1, of: 6 }',
    replace: 'const WHILE_IT_IS_RETRIED = { datapoints: 1, of: 2 }',
    tests: ['test/lib/alarms/alarms.test.ts'],
  },
]
