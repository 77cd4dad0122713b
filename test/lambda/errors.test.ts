import { describe, expect, test } from '@jest/globals'
import {
  AccountingError,
  asError,
  codeOf,
  InterruptedError,
  NewerVersionError,
  NoProgressError,
  OutageError,
  OutOfTime,
  SetupError,
  UnfinishedError,
} from '../../lambda/errors.ts'
import { UnknownMessageError } from '../../lambda/intake/message.ts'
import { UnreadableFile, VanishedFile } from '../../lambda/read/lines.ts'
import { LeaseLost } from '../../lambda/settle/lease.ts'

// prettier-ignore
const ERRORS: readonly (readonly [name: string, code: string, error: Error])[] = [
  [ 'SetupError',           'setup_error',        new SetupError('x') ],
  [ 'NewerVersionError',    'newer_version',      new NewerVersionError('x') ],
  [ 'OutageError',          'endpoint_down',      new OutageError('x') ],
  [ 'AccountingError',      'accounting_error',   new AccountingError('x') ],
  [ 'NoProgressError',      'no_progress',        new NoProgressError('x') ],
  [ 'UnfinishedError',      'unfinished',         new UnfinishedError('interrupted') ],
  [ 'InterruptedError',     'interrupted',        new InterruptedError() ],
  [ 'OutOfTime',            'out_of_time',        new OutOfTime() ],
  [ 'UnknownMessageError',  'unknown_message',    new UnknownMessageError('x') ],
  [ 'UnreadableFile',       'file_unreadable',    new UnreadableFile('x') ],
  [ 'VanishedFile',         'file_vanished',      new VanishedFile('gone') ],
  [ 'LeaseLost',            'lease_lost',         new LeaseLost() ],
]

describe('every error has a name and a code that never change', () => {
  test.each(ERRORS)('%s: %s', (name, code, error) => {
    expect([error.name, codeOf(error)]).toEqual([name, code])
  })

  test('no two have the same code', () => {
    expect(new Set(ERRORS.map(([, code]) => code)).size).toBe(ERRORS.length)
  })
})

// prettier-ignore
test.each([
  //  thrown                                            code
  [ Object.assign(new Error('x'), { code: 'ENOENT' }),  'ENOENT' ],
  [ Object.assign(new Error('x'), { code: 7 }),         '' ],
  [ new Error('x'),                                     '' ],
  [ null,                                               '' ],
  [ 'text',                                             '' ],
])('the code of %p is "%s"', (thrown, code) => {
  expect(codeOf(thrown)).toBe(code)
})

test('what is thrown becomes an Error', () => {
  const error = new Error('x')
  expect(asError(error)).toBe(error)
  expect(asError('text')).toEqual(new Error('text'))
})
