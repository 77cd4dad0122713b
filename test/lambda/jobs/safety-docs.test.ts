import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { NUMBER_SETTINGS, type NumberSettingName } from '../../../lambda/settings.ts'
import { HOLD_RULES } from '../../../lambda/survey/hold-rules.ts'

test('docs/safety.md lists every rule, with its setting and default', () => {
  const page = readFileSync('docs/safety.md', 'utf8')
  const listed = Array.from(page.matchAll(/^\| `([a-z_]+)` \|(.*?)\|(.*?)\|(.*?)\|/gm), ([, ...cells]) =>
    cells.map((cell) => cell.trim()),
  )
  const rules = Object.entries<{ title: string; setting?: NumberSettingName }>(HOLD_RULES)
  expect(listed).toEqual(
    rules.map(([rule, { title, setting }]) => [
      rule,
      title,
      setting === undefined ? '' : `\`${setting}\``,
      setting === undefined ? '' : NUMBER_SETTINGS[setting].default.toLocaleString('en-US'),
    ]),
  )
})
