import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { KINDS, type Kind } from '../../../lambda/rules/kinds.ts'
import { readRulesDocument } from '../../../lambda/rules/rule-set.ts'

function sectionOf({ usage, means, example: { fix, before, after } }: Kind): string {
  const rows = (mark: string, text: string) => text.split('\n').map((line) => `${mark} ${line.replaceAll('\ufeff', '\\ufeff')}`)
  const block = [fix, ...rows('-', before), ...(after === undefined ? [] : rows('+', after))]
  return [`### \`${usage}\``, '', `${means.charAt(0).toUpperCase()}${means.slice(1)}.`, '', '```text', ...block, '```'].join('\n')
}

test('docs/rules.md explains every kind of rule, with its example, and no other', async () => {
  const page = await readFile('docs/rules.md', 'utf8')
  const sections = /## The rules\n\n(.*)\n\nA line that becomes/s.exec(page)?.[1]
  expect(sections).toBe(Object.values<Kind>(KINDS).map(sectionOf).join('\n\n'))
  const stored = /```json\n(.*?)```/s.exec(page)?.[1] ?? ''
  expect(readRulesDocument(JSON.parse(stored), 'docs/rules.md').prefixes).toHaveLength(2)
})
