import { expect, test } from '@jest/globals'
import { csv } from '../../../cli/terminal/csv.ts'

test('a header, and one row each; commas, quotes and newlines are escaped', () => {
  expect(csv(['name', 'lines'], [['a,"b"\nc', 2]])).toBe('name,lines\n"a,""b""\nc",2\n')
})

test('only the header, if there are no rows', () => {
  expect(csv(['name', 'lines'], [])).toBe('name,lines\n')
})

// prettier-ignore
test.each(['=1+1', '+1', '-1', '@SUM(A1)'])('a spreadsheet does not run %j as a formula', (text) => {
  expect(csv(['name'], [[text]])).toBe(`name\n'${text}\n`)
})
