import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { countCharacters, hasControlCharacter, isLongerThan, shownName, utf8Bytes } from '../../../lambda/parse/text.ts'
import { anyText } from '../../support/any-text.ts'

const wellFormed = anyText()

describe('sizes agree with the platform', () => {
  test('characters', () => {
    fc.assert(
      fc.property(wellFormed, fc.nat({ max: 12 }), (text, limit) => {
        expect(countCharacters(text)).toBe(Array.from(text).length)
        expect(isLongerThan(text, limit)).toBe(Array.from(text).length > limit)
      }),
    )
  })

  test('bytes', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text))
      }),
    )
    // prettier-ignore
    for (const text of ['', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}']) {
      expect(utf8Bytes(text)).toBe(Buffer.byteLength(text))
    }
  })

  test('control characters', () => {
    for (let code = 0; code < 0x300; code += 1) {
      expect(hasControlCharacter(`a${String.fromCharCode(code)}`)).toBe(/\p{Cc}/u.test(String.fromCharCode(code)))
    }
  })
})

describe('a property name in a message', () => {
  // prettier-ignore
  test.each([
    //  the name                       in a message
    [ 'plan',                          '"plan"' ],
    [ '',                              '""' ],
    [ 'a"b\n',                         '"a\\"b\\n"' ],
    [ 'x'.repeat(60),                  `"${'x'.repeat(60)}"` ],
    [ 'x'.repeat(61),                  `"${'x'.repeat(60)}…"` ],
    [ '🎉'.repeat(60),                 `"${'🎉'.repeat(60)}"` ],
    [ '🎉'.repeat(61),                 `"${'🎉'.repeat(60)}…"` ],
  ])('%j', (name, shown) => {
    expect(shownName(name)).toBe(shown)
  })
})
