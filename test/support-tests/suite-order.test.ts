import { access } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { LONGEST, startRank } from '../support/suite-order.ts'

test('every suite of the list exists', async () => {
  for (const name of LONGEST) await access(path.join(import.meta.dirname, '..', `${name}.test.ts`))
})

test('the listed suites start in the order of the list, then those of the slow folders, then all others', () => {
  const [longest = '', second = ''] = LONGEST
  const suites = ['lambda/read/lines', 'journeys/terminal', second, longest]
  expect(suites.toSorted((a, b) => startRank(a) - startRank(b))).toEqual(suites.toReversed())
})
