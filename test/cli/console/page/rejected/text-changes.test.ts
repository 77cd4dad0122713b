import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { textChanges } from '../../../../../cli/console/page/rejected/text-changes.ts'

/** Marked as on paper: [-removed-] and {+added+}. */
function marked(before: string, after: string): string {
  return textChanges(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'removed' ? `[-${text}-]` : `{+${text}+}`))
    .join('')
}

describe('the changes of a line', () => {
  // prettier-ignore
  test.each([
    // what changes                  before                                      after                                marked
    [ 'a number',                    '{"_t":1393344604000}',                     '{"_t":1393344604}',                 '{"_t":[-1393344604000-]{+1393344604+}}' ],
    [ 'a name',                      '{"time":1,"a":2}',                         '{"_t":1,"a":2}',                    '{[-"time"-]{+"_t"+}:1,"a":2}' ],
    [ 'two tokens far apart',        '{" _p":"a","b":1,"_n":" x"}',              '{"_p":"a","b":1,"_n":"x"}',         '{[-" _p"-]{+"_p"+}:"a","b":1,"_n":[-" x"-]{+"x"+}}' ],
    [ 'a comma at the end',          '{"_p":"a"},',                              '{"_p":"a"}',                        '{"_p":"a"}[-,-]' ],
    [ 'a property that is removed',  '{"_p":"a","_k":"1"}',                      '{"_p":"a"}',                        '{"_p":"a"[-,"_k":"1"-]}' ],
    [ 'a property that is added',    '{"_p":"a"}',                               '{"_p":"a","_n":"x"}',               '{"_p":"a"{+,"_n":"x"+}}' ],
    [ 'a quote that was missing',    '{"_p":"a}',                                '{"_p":"a"}',                        '{"_p":[-"a-]{+"a"+}}' ],
    [ 'nothing',                     '{"_p":"a"}',                               '{"_p":"a"}',                        '{"_p":"a"}' ],
    [ 'everything',                  'a',                                        '1',                                 '[-a-]{+1+}' ],
  ])('%s', (_, before, after, expected) => {
    expect(marked(before, after)).toBe(expected)
  })

  test('one word in a long text is not the whole text', () => {
    const long = (word: string) => `{"text":"${'a '.repeat(40)}${word}${' b'.repeat(40)}"}`
    expect(marked(long('X'), long('Y'))).toBe(`…${'a '.repeat(24)}[-X-]{+Y+}${' b'.repeat(24)}…`)
  })

  test('a long unchanged text between two changes is shortened', () => {
    const between = `"${'m'.repeat(300)}"`
    expect(marked(`[1,${between},1]`, `[2,${between},2]`)).toBe(`[[-1-]{+2+},"${'m'.repeat(46)}…${'m'.repeat(46)}",[-1-]{+2+}]`)
  })

  test('many changes in a large line are one change, found quickly', () => {
    const line = (value: number) => `[${Array.from({ length: 20_000 }, () => value).join(',')}]`
    expect(textChanges(line(1), line(2)).filter(({ kind }) => kind === 'removed')).toHaveLength(1)
  })

  const line = fc
    .array(fc.constantFrom('{', '}', '"a"', '"b', ',', ':', '1', '23', ' ', 'é', '😀', '\ud83d'))
    .map((parts) => parts.join(''))

  test('without the added parts it is the line before, without the removed parts the line after', () => {
    fc.assert(
      fc.property(line, line, (before, after) => {
        fc.pre(before.length <= 40 && after.length <= 40) // nothing is shortened
        const without = (left: string) =>
          textChanges(before, after)
            .filter(({ kind }) => kind !== left)
            .map(({ text }) => text)
            .join('')
        expect([without('added'), without('removed')]).toEqual([before, after])
      }),
    )
  })
})
