import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { NUMBER_SETTINGS } from '../../../lambda/settings/numbers.ts'
import { HOLD_RULES } from '../../../lambda/survey/hold-rules.ts'

test('each rule has a setting that turns it off, except that a file could not be checked', () => {
  const settings = Object.values(HOLD_RULES).flatMap((rule) => ('setting' in rule ? [rule.setting] : []))
  expect(new Set(settings)).toEqual(new Set(Object.keys(NUMBER_SETTINGS).filter((name) => name.startsWith('KM_HOLD_'))))
  expect(Object.entries(HOLD_RULES).flatMap(([rule, { ...texts }]) => ('setting' in texts ? [] : [rule]))).toEqual([
    'not_surveyed',
  ])
})

test('docs/safety-rules.md lists every rule in this order, with its title, its setting and its default', () => {
  const page = readFileSync('docs/safety-rules.md', 'utf8')
  const rows = page.matchAll(/^\| `(\w+)` \| (.*?) \| (?:`(\w+)`)? ?\| ([\d,]*) ?\| /gm)
  const expected = Object.entries(HOLD_RULES).map(([rule, { title, ...texts }]) => {
    const setting = 'setting' in texts ? texts.setting : undefined
    return [rule, title, setting, setting === undefined ? '' : NUMBER_SETTINGS[setting].default.toLocaleString('en-US')]
  })
  expect(Array.from(rows, ([, ...cells]) => cells)).toEqual(expected)
})
