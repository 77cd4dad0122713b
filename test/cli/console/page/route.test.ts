import { expect, test } from '@jest/globals'
import { hrefOf, readRoute } from '../../../../cli/console/page/route.ts'

test.each([
  '#/',
  '#/import/reports%2Fincoming%2Fa%20b%23.json%2Fv%2Freport.json',
  '#/rejected',
  '#/rejected?file=incoming%2Fa%26b.json&reason=invalid_json',
  '#/rejected?text=bob&status=archived&offset=100&sort=expiry',
  '#/fix',
])('the address %s survives reading and writing', (hash) => {
  expect(hrefOf(readRoute(hash))).toBe(hash)
})

// prettier-ignore
test.each([
  // address                                   leads to
  [ '#/nowhere',                               '#/' ],
  [ '#/import/%',                              '#/' ],
  [ '#/rejected?reason=from_tomorrow',         '#/rejected' ],
  [ '#/rejected?offset=-1&sort=size',          '#/rejected' ],
  [ '#/rejected?status=deleted',               '#/rejected' ],
])('an address that is not valid is repaired: %s leads to %s', (hash, repaired) => {
  expect(hrefOf(readRoute(hash))).toBe(repaired)
})
