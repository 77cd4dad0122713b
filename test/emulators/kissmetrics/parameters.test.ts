import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeParameters, withoutKey } from '../../../emulators/kissmetrics/parameters.ts'

describe('parameters are decoded', () => {
  // prettier-ignore
  test.each([
    //  encoded                      parameters
    [ '',                            [] ],
    [ '_k=K&_p=1',                   [['_k', 'K'], ['_p', '1']] ],
    [ '_p=a%20b&_n=a+b',             [['_p', 'a b'], ['_n', 'a b']] ],
    [ '_p=%2B33%201',                [['_p', '+33 1']] ],
    [ '_p=%E5%90%8D',                [['_p', '名']] ],
    [ 'Email%20Address=bob%40b.com', [['Email Address', 'bob@b.com']] ],
    [ 'a=b=c',                       [['a', 'b=c']] ],
    [ 'a&=b&&c=',                    [['a', ''], ['', 'b'], ['c', '']] ],
    [ 'x=1&x=2',                     [['x', '1'], ['x', '2']] ],
  ])('%s', (encoded, parameters) => {
    expect(decodeParameters(encoded)).toEqual(parameters)
  })
})

describe('an invalid encoding is rejected, not guessed', () => {
  // prettier-ignore
  test.each([
    //  what                              encoded
    [ 'a lone percent sign', 'x=50%' ],
    [ 'an escape of other letters',       'x=%zz' ],
    [ 'an escape that is cut off',        'x=%4' ],
    [ 'bytes that are not UTF-8',          'x=%FF%FE' ],
    [ 'half a character',              'x=%E5%90' ],
    [ 'a surrogate in UTF-8',             'x=%ED%A0%80' ],
    [ 'a space',                          'x=a b' ],
    [ 'a letter with an accent',          'x=\u00e9' ],
    [ 'a newline',                        'x=a\nb' ],
  ])('%s', (_what, encoded) => {
    expect(decodeParameters(encoded)).toBeUndefined()
  })
})

test('the output of a strict encoder is decoded as the URL standard decodes it', () => {
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (parameters) => {
      const encoded = parameters.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
      expect(decodeParameters(encoded)).toEqual(parameters)
      expect(decodeParameters(encoded)).toEqual([...new URLSearchParams(`&${encoded}`)])
    }),
  )
})

describe('the API key is not stored', () => {
  const KEY = '0123456789abcdef0123456789abcdef01234567'

  // prettier-ignore
  test.each([
    //  where it is            parameters                 stored
    [ 'first',              `_k=${KEY}&_p=1`,          '_k=…4567&_p=1' ],
    [ 'last',                `_p=1&_k=${KEY}`,          '_p=1&_k=…4567' ],
    [ 'twice',                 `_k=${KEY}&_k=${KEY}`,     '_k=…4567&_k=…4567' ],
    [ 'under an escaped name', `%5Fk=${KEY}`,             '_k=…4567' ],
    [ 'beside a broken name',  `%zz=1&_k=${KEY}`,         '%zz=1&_k=…4567' ],
    [ 'short, so none of it is shown', '_k=secret&_p=1', '_k=…&_p=1' ],
    [ 'nowhere',               '_p=_k&k=1&__k=2',         '_p=_k&k=1&__k=2' ],
  ])('%s', (_where, parameters, kept) => {
    expect(withoutKey(parameters)).toBe(kept)
  })
})
