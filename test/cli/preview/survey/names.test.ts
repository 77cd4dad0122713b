import { describe, expect, test } from '@jest/globals'
import { typeOf } from '../../../../cli/preview/digest/values.ts'
import { findTwins } from '../../../../cli/preview/survey/twins.ts'

describe('names are near-twins where one may have been meant', () => {
  // prettier-ignore
  test.each<[readonly string[], number | undefined]>([
    //  names                                       events at Kissmetrics, where they are twins
    [ ['Signed up', 'signed up', 'Signed Up'],      1 ],
    [ ['Signed up', 'Signed: up'],                  2 ],
    [ ['Signed:up', 'signed up'],                   1 ],
    [ ['Signed up', 'signed_up', 'SignedUp'],       3 ],
    [ ['Signed up', ' Signed up'],                  2 ],
    [ ['café', 'cafe\u0301'],                       2 ],
    [ ['Signed up', 'Signed in'],                   undefined ],
    [ ['Step 1', 'Step 2'],                         undefined ],
    [ ['👍', '👎'],                                 undefined ],
    [ ['cafe', 'café'],                             undefined ],
  ])('%j', (names, atKissmetrics) => {
    expect(findTwins(names)).toEqual(atKissmetrics === undefined ? [] : [{ names, atKissmetrics }])
  })
})

describe('a value is what Kissmetrics takes it for', () => {
  // prettier-ignore
  test.each([
    [ '12',         'number' ],
    [ '-0.5',       'number' ],
    [ '+5',         'number' ],
    [ '.5',         'number' ],
    [ '1e9',        'number' ],
    [ '1,000',      'text' ],
    [ '$5',         'text' ],
    [ '5 EUR',      'text' ],
    [ '-',          'text' ],
    [ ' ',          'text' ],
    [ '2014-02-25', 'text' ],
    [ 'NaN',        'text' ],
    [ 'true',       'boolean' ],
    [ 'True',       'text' ],
  ])('%j: %s', (value, type) => {
    expect(typeOf(value)).toBe(type)
  })
})
