import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { latestTimeFor, parseTime } from '../../../lambda/parse/time.ts'
import { lineWith, outcomeOf, parsed, rejectionOf, RULES, SECONDS } from './outcome.ts'

// prettier-ignore
test.each([
  //  _t                                                              seconds
  [ 'a number',                           SECONDS,                    SECONDS ],
  [ 'text of digits',                     String(SECONDS),            SECONDS ],
  [ 'with a fraction, cut off',           1_393_344_604.999,          SECONDS ],
  [ 'text with a fraction',               '1393344604.999',           SECONDS ],
  [ 'text with a very long fraction',     `1393344604.${'9'.repeat(30)}`, SECONDS ],
  [ 'the first second of 2009',           1_230_768_000,              1_230_768_000 ],
  [ 'the latest time',                    RULES.latestTime,           RULES.latestTime ],
  [ 'the latest time and a half',         RULES.latestTime + 0.5,     RULES.latestTime ],
])('`_t` %s', (_what, value, seconds) => {
  expect(parsed(lineWith({ _t: value })).time).toBe(seconds)
})

// prettier-ignore
test.each([
  //  _t                                                              the reason
  [ 'absent',                             undefined,                  'missing_timestamp' ],
  [ 'null',                               null,                       'missing_timestamp' ],
  [ 'empty',                              '',                         'invalid_timestamp' ],
  [ 'white space',                        ' ',                        'invalid_timestamp' ],
  [ 'a word',                             'yesterday',                'invalid_timestamp' ],
  [ 'a date',                             '2014-02-25',               'invalid_timestamp' ],
  [ 'hexadecimal',                        '0x530cc01c',               'invalid_timestamp' ],
  [ 'an exponent in a text',              '1.39e9',                   'invalid_timestamp' ],
  [ 'space around it',                    ' 1393344604',              'invalid_timestamp' ],
  [ 'digits of another script',           '١٣٩٣٣٤٤٦٠٤',               'invalid_timestamp' ],
  [ 'true',                               true,                       'invalid_timestamp' ],
  [ 'an object',                          {},                         'invalid_timestamp' ],
  [ 'a list',                             [SECONDS],                  'invalid_timestamp' ],
  [ 'zero',                               0,                          'timestamp_before_2009' ],
  [ 'below zero',                         -1,                         'timestamp_before_2009' ],
  [ 'text below zero',                    '-1393344604',              'timestamp_before_2009' ],
  [ 'a second before 2009',               1_230_767_999,              'timestamp_before_2009' ],
  [ 'a part of a second before 2009',     1_230_767_999.999,          'timestamp_before_2009' ],
  [ 'a second after the latest',          RULES.latestTime + 1,       'timestamp_in_future' ],
  [ 'the last before milliseconds',       99_999_999_999,             'timestamp_in_future' ],
  [ 'the first of milliseconds',          100_000_000_000,            'timestamp_in_milliseconds' ],
  [ 'milliseconds',                       SECONDS * 1000,             'timestamp_in_milliseconds' ],
  [ 'milliseconds as text',               '1393344604000',            'timestamp_in_milliseconds' ],
  [ 'microseconds',                       SECONDS * 1e6,              'timestamp_in_milliseconds' ],
])('`_t` %s is rejected', (_what, value, reason) => {
  expect(outcomeOf(lineWith({ _t: value }))).toBe(reason)
})

test('a number that is too large', () => {
  expect(rejectionOf('{"_p":"bob","_t":1e999,"_n":"x"}')).toMatchObject({
    reason: 'invalid_timestamp',
    detail: expect.stringContaining('too large'),
  })
})

test('a fraction that JavaScript would round up is cut off', () => {
  expect(parsed('{"_p":"bob","_t":1393344604.99999999999999,"_n":"x"}').time).toBe(SECONDS)
})

describe('the detail shows the time in seconds', () => {
  // prettier-ignore
  test.each([
    //  _t                                 the detail
    [ SECONDS * 1000,                      'in seconds it is 1393344604)' ],
    [ SECONDS * 1000 + 999,                'in seconds it is 1393344604)' ],
    [ SECONDS * 1_000_000,                 'in seconds it is 1393344604)' ],
    [ '1393344604000000000',               'in seconds it is 1393344604)' ],
    [ '2014-02-25',                          'it is a date without a time zone; if that is UTC, in seconds it is 1393286400)' ],
    [ '2014-02-25T16:10:04Z',                'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25t16:10:04z',                'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 16:10:04',                 'it is a date without a time zone; if that is UTC, in seconds it is 1393344604)' ],
    [ '2014-02-25T16:10:04.000',             'it is a date without a time zone; if that is UTC, in seconds it is 1393344604)' ],
    [ '2014-02-25T16:10',                    'it is a date without a time zone; if that is UTC, in seconds it is 1393344600)' ],
    [ '2014-02-25T16:10:04.999Z',            'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25T17:10:04+01:00',           'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25T17:10:04+0100',            'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25T17:10:04+01',              'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25T11:10:04 -05:00',          'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 16:10:04 UTC',             'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 16:10:04.123456 UTC',      'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 16:10:04.123456+00:00',    'it is a date; in seconds it is 1393344604)' ],
    [ '2014/02/25 16:10:04 GMT',             'it is a date; in seconds it is 1393344604)' ],
    [ '20140225T161004Z',                    'it is a date; in seconds it is 1393344604)' ],
    [ 'Tue, 25 Feb 2014 16:10:04 GMT',       'it is a date; in seconds it is 1393344604)' ],
    [ '25 Feb 2014 17:10:04 +0100',          'it is a date; in seconds it is 1393344604)' ],
    [ 'Tuesday, 25-Feb-2014 16:10:04 UTC',   'it is a date; in seconds it is 1393344604)' ],
    [ 'Tue Feb 25 2014 17:10:04 GMT+0100 (Central European Standard Time)', 'it is a date; in seconds it is 1393344604)' ],
    [ 'Tue Feb 25 16:10:04 +0000 2014',      'it is a date; in seconds it is 1393344604)' ],
    [ 'Tue Feb 25 16:10:04 UTC 2014',        'it is a date; in seconds it is 1393344604)' ],
    [ 'February 25, 2014 16:10:04',          'it is a date without a time zone; if that is UTC, in seconds it is 1393344604)' ],
    [ '25/Feb/2014:16:10:04 +0000',          'it is a date; in seconds it is 1393344604)' ],
    [ '/Date(1393344604000)/',               'it is a date; in seconds it is 1393344604)' ],
    [ '/Date(1393344604000+0100)/',          'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 4:10:04 PM UTC',           'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 12:00:00 a.m. UTC',        'it is a date; in seconds it is 1393286400)' ],
    [ '2014-02-25 13:00:00 PM UTC',          'it is text)' ],
    [ '2014-2-25 16:10:04 UTC',              'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 17:10:04 UTC+1',           'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25T17:10:04+01:00[Europe/Berlin]', 'it is a date; in seconds it is 1393344604)' ],
    [ '2014-02-25 16:10:04.5 +0000 UTC m=+0.1',   'it is a date; in seconds it is 1393344604)' ],
    [ '20140225161004',                      'it is a date without a time zone; if that is UTC, in seconds it is 1393344604)' ],
    [ 20_140_225_161_004,                    'it is a date without a time zone; if that is UTC, in seconds it is 1393344604)' ],
    [ { $date: '2014-02-25T16:10:04Z' },     'it is a date; in seconds it is 1393344604)' ],
    [ { $date: SECONDS * 1000 },             'it is a date; in seconds it is 1393344604)' ],
    [ { $date: { $numberLong: '1393344604000' } }, 'it is a date; in seconds it is 1393344604)' ],
    [ { $numberLong: '1393344604' },         'it is a date; in seconds it is 1393344604)' ],
    [ { _seconds: SECONDS, _nanoseconds: 0 }, 'it is a date; in seconds it is 1393344604)' ],
    [ { $date: { $date: 1 } },               'it is an object)' ],
    [ ' 1393344604',                         'it has a space or an invisible character around it)' ],
    [ '1393344604\u200b',                    'it has a space or an invisible character around it)' ],
    [ '2014-02-25T16:10:04 Europe/Berlin',   'it is a date with the name of a time zone; write its offset instead, for example +01:00)' ],
    [ '25/02/2014 16:10',                    'it is a date whose day and month can be either; write it like 2014-02-25T16:10:04Z)' ],
    [ '02/25/2014',                          'it is a date whose day and month can be either; write it like 2014-02-25T16:10:04Z)' ],
    [ '0000-00-00 00:00:00',                 'it is text)' ],
    [ '2014-02-25 16:10:04 CET',             'it is a date with the name of a time zone; write its offset instead, for example +01:00)' ],
    [ '2014-02-25T16:10:04+99:00',           'it is text)' ],
    [ '1,393,344,604',                       'it is text)' ],
    [ '2014-02-30',                        'it is text)' ],
    [ '2014-13-01',                        'it is text)' ],
    [ '2014-02-25T25:00',                  'it is text)' ],
    [ '25.02.2014',                        'it is a date whose day and month can be either; write it like 2014-02-25T16:10:04Z)' ],
    [ '',                                  'it is empty)' ],
    [ false,                               'it is false)' ],
    [ {},                                  'it is an object)' ],
    [ [],                                  'it is a list)' ],
    [ 41_695.67,                           'it looks like an Excel date; =(A1-25569)*86400 converts it)' ],
    [ 30_000,                              'it looks like an Excel date; =(A1-25569)*86400 converts it)' ],
  ])('%j', (value, hint) => {
    expect(rejectionOf(lineWith({ _t: value })).detail).toContain(hint)
  })

  test('a number of digits that is none of the usual units has no seconds', () => {
    expect(rejectionOf(lineWith({ _t: 139_334_460_400 })).detail).toBe('`_t` looks like milliseconds. Use whole seconds.')
  })

  test.each([29_999, 80_000, 0])('%d is not taken for an Excel date', (value) => {
    expect(rejectionOf(lineWith({ _t: value })).detail).not.toContain('Excel')
  })
})

test('the latest time is one day after the file was written', () => {
  expect(latestTimeFor(new Date('2014-02-25T16:10:04.900Z'))).toBe(SECONDS + 86_400)
})

test('every second from 2009 to the latest time is valid, as number and as text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_230_768_000, max: RULES.latestTime }), (seconds) => {
      expect(parseTime(seconds, RULES.latestTime)).toBe(seconds)
      expect(parseTime(String(seconds), RULES.latestTime)).toBe(seconds)
    }),
  )
})
