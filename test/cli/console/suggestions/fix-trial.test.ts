import { describe, expect, test } from '@jest/globals'
import { FixTrial, suggestFixes, type TriedLine } from '../../../../cli/console/suggestions/fix-trial.ts'

const VALID = '{"_p":"a","_t":1393344604,"_n":"x"}'
const MILLISECONDS = VALID.replace('604', '604000')
const COMMA = `${VALID},`
const NO_TIME = '{"_p":"a","_n":"x"}'
const LOCAL_DATE = '{"_p":"a","_t":"2014-02-25 16:10:04","_n":"x"}'

function lineOf(line: string): TriedLine {
  return { line, hasInvalidBytes: false, isTruncated: false }
}

function suggestionsFor(lines: readonly string[]) {
  return suggestFixes(lines.map(lineOf))
}

describe('what is suggested for rejected lines', () => {
  // prettier-ignore
  test.each([
    // selection                                lines                                            open   suggestions
    [ 'a fix for all lines',                     [MILLISECONDS, MILLISECONDS],                    2,     [{ fixes: ['ms-timestamps'], count: 2 }] ],
    [ 'a fix for some lines',                    [MILLISECONDS, MILLISECONDS, NO_TIME],           3,     [{ fixes: ['ms-timestamps'], count: 2 }] ],
    [ 'one fix for each mistake',                [COMMA, MILLISECONDS, MILLISECONDS],             3,     [{ fixes: ['ms-timestamps'], count: 2 }, { fixes: ['trim'], count: 1 }] ],
    [ 'nothing for what only a person can fix',  [NO_TIME],                                       1,     [] ],
    [ 'nothing for what the usual fix misses',   ['{"_p":"a","_t":1393344604,"_n":"x"'],          1,     [] ],
    [ 'nothing for lines that can be sent',      [VALID],                                         0,     [] ],
    [ 'a line that can be sent is not counted',  [VALID, MILLISECONDS],                           1,     [{ fixes: ['ms-timestamps'], count: 1 }] ],
    [ 'nor if the fix would change it',          [VALID.replace('"_n"', '" plan":"a","_n"'), COMMA], 1,   [{ fixes: ['trim'], count: 1 }] ],
    [ 'a name that usually means the person',    ['{"E-Mail":"a","_t":1393344604,"_n":"x"}'],     1,     [{ fixes: ['rename:E-Mail=_p'], count: 1 }] ],
    [ 'no name that could mean something else',  ['{"id":"a","_t":1393344604,"_n":"x"}'],         1,     [] ],
    [ 'the fixes of two mistakes in one line',   ['{"_p":"a","timestamp":1393344604000,"_n":"x"}'], 1,   [{ fixes: ['rename:timestamp=_t', 'ms-timestamps'], count: 1 }] ],
    [ 'a date with its zone',                    [LOCAL_DATE.replace(':04"', ':04Z"')],           1,     [{ fixes: ['dates'], count: 1 }] ],
    [ 'the question for a zone',                 [LOCAL_DATE],                                    1,     [{ fixes: ['dates:UTC'], count: 1 }] ],
    [ 'a property that must be removed',         [VALID.replace('"_n"', '"_k":"1","_n"')],        1,     [{ fixes: ['drop:_k'], count: 1 }] ],
  ])('%s', (_, lines, open, suggestions) => {
    expect(suggestionsFor(lines)).toEqual({ open, suggestions })
  })

  test('a line of which only a part is stored is never fixed', () => {
    expect(suggestFixes([{ ...lineOf(MILLISECONDS), isTruncated: true }])).toEqual({ open: 1, suggestions: [] })
  })

  test('a line with unreadable bytes is not fixed before the user has replaced them', () => {
    const line = MILLISECONDS.replace('"a"', '"\ufffd"')
    expect(suggestFixes([{ ...lineOf(line), hasInvalidBytes: true }])).toEqual({ open: 1, suggestions: [] })
  })

  test('after a chosen fix, only what is left is suggested', () => {
    const trial = new FixTrial(['ms-timestamps'])
    const lines = [MILLISECONDS, COMMA].map(lineOf)
    for (const line of lines) trial.look(line)
    for (const line of lines) trial.try(line)
    expect(trial.result()).toEqual({ open: 1, suggestions: [{ fixes: ['trim'], count: 1 }] })
  })

  test('each count is of all lines, also of those that led to another fix', () => {
    const both = '{"_p":" a","_t":1393344604000,"_n":"x"},'
    const { open, suggestions } = suggestionsFor([...Array.from({ length: 3 }, () => COMMA), both])
    expect({ open, suggestions }).toEqual({
      open: 4,
      suggestions: [
        { fixes: ['trim', 'ms-timestamps'], count: 4 },
        { fixes: ['trim'], count: 3 },
      ],
    })
  })
})
