import { expect, test } from '@jest/globals'
import { Option } from 'commander'
import { afterHelp, optionDescription } from '../../../cli/terminal/help.ts'

// prettier-ignore
test.each([
  //  what                       default    the help says
  [ 'a flag that is not given',  false,     'what it does' ],
  [ 'a list that is empty',      [],        'what it does' ],
  [ 'a value',                   'drop',    'what it does (default: "drop")' ],
  [ 'an option without default', undefined, 'what it does' ],
])('the default of %s', (_what, value, text) => {
  expect(optionDescription(new Option('--option <value>', 'what it does').default(value))).toBe(text)
})

test('an example and the exit codes', () => {
  expect(afterHelp('npx km-import doctor', { 0: 'nothing is wrong', 130: 'interrupted' })).toBe(`
Example:
  npx km-import doctor

Exit codes:
  0    nothing is wrong
  130  interrupted
`)
})
