import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { printable, shellWord } from '../../../cli/terminal/escape.ts'
import { anyText } from '../../support/any-text.ts'

describe('text from outside cannot control a terminal', () => {
  // prettier-ignore
  test.each([
    //  what                         text                             shown
    [ 'plain text',                  'accounts 2024.json',            'accounts 2024.json' ],
    [ 'letters of any script',       'naïve 名 🎉',                    'naïve 名 🎉' ],
    [ 'a colour',                    '\u001b[31mred',                 '\\u001b[31mred' ],
    [ 'the clipboard (OSC 52)',      '\u001b]52;c;aGk=\u0007',        '\\u001b]52;c;aGk=\\u0007' ],
    [ 'a C1 control',                '\u009b2J',                      '\\u009b2J' ],
    [ 'a carriage return',           'good\rbad',                     'good\\u000dbad' ],
    [ 'a newline',                   'a\nb',                          'a\\u000ab' ],
    [ 'right-to-left writing',       'txt.\u202egpj',                 'txt.\\u202egpj' ],
    [ 'half a character',            'a\ud800b',                      'a\ufffdb' ],
  ])('%s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test('any text', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })
})

describe('a word in a command is quoted only if the shell would change it', () => {
  // prettier-ignore
  test.each([
    [ 'incoming/a.json',  'incoming/a.json' ],
    [ 'may 2024.jsonl',   "'may 2024.jsonl'" ],
    [ "it's.jsonl",       String.raw`'it'\''s.jsonl'` ],
    [ '$HOME;rm -rf',     "'$HOME;rm -rf'" ],
    [ '',                 "''" ],
  ])('%j', (text, word) => {
    expect(shellWord(text)).toBe(word)
  })

  test('a shell reads the same text back', () => {
    const texts = ['a b', "'", '"$x"', '`id`', '*', '~', 'a\\b', '!', '-n']
    const read = execFileSync('sh', ['-c', `printf '%s\\n' ${texts.map(shellWord).join(' ')}`], { encoding: 'utf8' })
    expect(read.trimEnd().split('\n')).toEqual(texts)
  })
})
