import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { NUMBER_SETTINGS } from '../../../lambda/settings.ts'
import { HOLD_RULES } from '../../../lambda/survey/hold-rules.ts'

test('each rule has a setting that turns it off, except that a file could not be checked', () => {
  const settings = Object.values(HOLD_RULES).flatMap((rule) => ('setting' in rule ? [rule.setting] : []))
  expect(new Set(settings)).toEqual(new Set(Object.keys(NUMBER_SETTINGS).filter((name) => name.startsWith('KM_HOLD_'))))
  expect(Object.entries(HOLD_RULES).flatMap(([rule, { ...texts }]) => ('setting' in texts ? [] : [rule]))).toEqual([
    'not_surveyed',
  ])
})

test('docs/safety-rules.md lists every rule in this order, with its setting and its default', () => {
  const rows = [...readFileSync('docs/safety-rules.md', 'utf8').matchAll(/^\| `(\w+)` \| (?:`(\w+)`)? ?\| ([\d,]*) ?\| /gm)]
  const seen = new Set<string>()
  const expected = Object.entries(HOLD_RULES).map(([rule, texts]) => {
    if (!('setting' in texts)) return [rule, undefined, '']
    const { setting } = texts
    const isFirst = !seen.has(setting)
    seen.add(setting)
    return [rule, setting, isFirst ? NUMBER_SETTINGS[setting].default.toLocaleString('en-US') : '']
  })
  expect(rows.map(([, rule, setting, usual]) => [rule, setting, usual])).toEqual(expected)
})
