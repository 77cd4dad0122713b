import { expect, test } from '@jest/globals'
import { AccountingError, InterruptedError, OutageError, OutOfTime, SetupError } from '../../../lambda/errors.ts'
import { stopReasonOf } from '../../../lambda/jobs/stop-reason.ts'
import { VanishedFile } from '../../../lambda/read/lines.ts'
import { LeaseLost } from '../../../lambda/settle/lease.ts'

// prettier-ignore
test.each<[string, unknown, ReturnType<typeof stopReasonOf>]>([
  //  the run was stopped by         error                             reason
  [ 'the deadline',                  new OutOfTime(),                  { kind: 'out-of-time' } ],
  [ 'Ctrl-C',                        new InterruptedError(),           { kind: 'interrupted' } ],
  [ 'an outage',                     new OutageError('no answer'),     { kind: 'outage', detail: 'no answer' } ],
  [ 'another run',                   new LeaseLost(),                  { kind: 'lease-lost' } ],
  [ 'a deleted object',              new VanishedFile('gone'),         { kind: 'vanished', state: 'gone' } ],
  [ 'an archived object',            new VanishedFile('locked'),       { kind: 'vanished', state: 'locked' } ],
  [ 'a wrong key',                   new SetupError('no key'),         { kind: 'failed' } ],
  [ 'counts that do not add up',     new AccountingError('1 is 2'),    { kind: 'failed' } ],
  [ 'an error of S3',                new Error('SlowDown'),            { kind: 'failed' } ],
  [ 'something that is not an Error', 'what?',                         { kind: 'failed' } ],
])('%s', (_what, error, reason) => {
  expect(stopReasonOf(error)).toEqual(reason)
})
