import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { readReasons } from '../../../../../cli/console/page/help/read-reasons.ts'
import { REASONS } from '../../../../../lambda/reasons.ts'

const docs = new Map(readReasons(readFileSync('docs/reasons.md', 'utf8')).map((reason) => [reason.code, reason]))

describe('the page explains every reason like docs/reasons.md', () => {
  test('and no other', () => {
    expect([...docs.keys()].toSorted()).toEqual(Object.keys(REASONS).toSorted())
  })

  test.each(Object.entries(REASONS))('%s', (code, { level, means }) => {
    const { paragraphs, bad, good } = docs.get(code)!
    expect(paragraphs[0]).toMatch(new RegExp(`^${means.slice(0, 5).replaceAll(/\W/g, '.')}`))
    expect(paragraphs.join('\n')).not.toMatch(/```|\*\*|\]\(|^#/m)
    if (level === 'line' || level === 'row') expect([bad, good]).not.toContain(undefined)
  })
})
