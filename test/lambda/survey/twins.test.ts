import { expect, test } from '@jest/globals'
import { findTwins } from '../../../lambda/survey/twins.ts'

// prettier-ignore
test.each<[readonly string[], number | undefined]>([
    //  names                                       names in Kissmetrics, if they are twins
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
  ])('twins in %j: %p in Kissmetrics', (names, atKissmetrics) => {
    expect(findTwins(names)).toEqual(atKissmetrics === undefined ? [] : [{ names, atKissmetrics }])
  })
