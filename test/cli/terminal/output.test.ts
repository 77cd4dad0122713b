import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { grouped, printable, StatusLine, styled } from '../../../cli/terminal/output.ts'

describe('text from outside does nothing to a terminal', () => {
  // prettier-ignore
  test.each([
    //  what                         came in                          is shown
    [ 'plain text',                  'accounts 2024.json',            'accounts 2024.json' ],
    [ 'letters of any script',       'naïve 名 🎉',                    'naïve 名 🎉' ],
    [ 'a colour',                    '\u001b[31mred',                 '\\u001b[31mred' ],
    [ 'the clipboard (OSC 52)',      '\u001b]52;c;aGk=\u0007',        '\\u001b]52;c;aGk=\\u0007' ],
    [ 'a C1 control',                '\u009b2J',                      '\\u009b2J' ],
    [ 'a line over the last one',    'good\rbad',                     'good\\u000dbad' ],
    [ 'a line of its own',           'a\nb',                          'a\\u000ab' ],
    [ 'writing from right to left',  'txt.\u202egpj',                 'txt.\\u202egpj' ],
    [ 'half a character',            'a\ud800b',                      'a\ufffdb' ],
  ])('%s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })
})

test('numbers are grouped', () => {
  expect(grouped(50_000)).toBe('50,000')
})

test('colours are for terminals', () => {
  expect(styled({ write: () => true }, 'red', 'x')).toBe('x')
  expect(styled({ write: () => true, isTTY: true }, 'red', 'x')).toBe('\u001b[31mx\u001b[39m')
})

describe('the status line', () => {
  const shownOn = (isTTY: boolean, act: (line: StatusLine) => void): string => {
    let text = ''
    act(new StatusLine({ isTTY, write: (more) => (text += more) }))
    return text
  }

  test('is written over on a terminal, and goes away', () => {
    const text = shownOn(true, (line) => {
      line.show('1 line')
      line.show('2 lines')
      line.clear()
    })
    expect(text).toBe('\r\u001b[K1 line\r\u001b[K2 lines\r\u001b[K')
  })

  test('is lines in a pipe, and the same one only once', () => {
    const text = shownOn(false, (line) => {
      line.show('1 line')
      line.show('1 line')
      line.clear()
    })
    expect(text).toBe('1 line\n')
  })
})
