import { expect, test } from '@jest/globals'
import { csv } from '../../../cli/terminal/csv.ts'

test('a header, and one row each; commas and quotes are escaped', () => {
  expect(csv(['name', 'lines'], [['a,"b"', 2]])).toBe('name,lines\n"a,""b""",2\n')
})

test('only the header, if there are no rows', () => {
  expect(csv(['name', 'lines'], [])).toBe('name,lines\n')
})

// prettier-ignore
test.each([
  //  what                     text                     in the table
  [ 'a colour',                '\u001b[31mred',         String.raw`\u001b[31mred` ],
  [ 'a C1 control',            '\u009b2J',              String.raw`\u009b2J` ],
  [ 'a newline',               'a\nb',                  String.raw`a\u000ab` ],
  [ 'right-to-left writing',   'txt.\u202egpj',         String.raw`txt.\u202egpj` ],
])('%s in a column is shown, and cannot control a terminal', (_what, text, shown) => {
  expect(csv(['name'], [[text]])).toBe(`name\n${shown}\n`)
})

// prettier-ignore
test.each(['=1+1', '+1', '-1', '@SUM(A1)'])('a spreadsheet does not run %j as a formula', (text) => {
  expect(csv(['name'], [[text]])).toBe(`name\n'${text}\n`)
})
