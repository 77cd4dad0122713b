import { describe, expect, test } from '@jest/globals'
import { readFix } from '../../../cli/rejects/fix.ts'

describe('a fix changes what it is for, and nothing else', () => {
  // prettier-ignore
  test.each([
    //  fix               a line                                                      fixed
    ['ms-timestamps',     '{"_p":"a","_t":1393344604000,"_n":"x"}',                   '{"_p":"a","_t":1393344604,"_n":"x"}'],
    ['ms-timestamps',     '{"_p":"a", "_t" : "1393344604999" ,"_n":"x"}',             '{"_p":"a", "_t" : 1393344604 ,"_n":"x"}'],
    ['ms-timestamps',     '{"_t":1393344604,"at":1393344604000}',                     '{"_t":1393344604,"at":1393344604000}'],
    ['ms-timestamps',     '{"_t":13933446040000}',                                    '{"_t":13933446040000}'],
    ['trim',              '{"_p":" a ","_n ":"x","n":1,"o":12345678901234567890}',    '{"_p":"a","_n":"x","n":1,"o":12345678901234567890}'],
    ['trim',              '{"_p":"a"},',                                              '{"_p":"a"}'],
    ['trim',              '\ufeff[{"_p":"a"}]',                                       '{"_p":"a"}'],
    ['trim',              '{"_p":"a"} and more',                                      '{"_p":"a"} and more'],
    ['trim',              'not an object, ',                                          'not an object, '],
    ['rename:plan=Plan',  '{"plan":"pro","a":{"plan":1},"x":"plan"}',                 '{"Plan":"pro","a":{"plan":1},"x":"plan"}'],
    ['rename:_id=_p',     '{"_id":7,"_t":1}',                                         '{"_p":7,"_t":1}'],
    ['drop:address',      '{"_p":"a","address":{"city":"}"},"_t":1}',                 '{"_p":"a","_t":1}'],
    ['drop:price',        '{"price":1,"_p":"a","price":2}',                           '{"_p":"a"}'],
    ['drop:_p',           '{"_p":"a"}',                                               '{}'],
    ['drop:none',         '{ "_p" : "a" }',                                           '{ "_p" : "a" }'],
    ['drop:_p',           '{"_p":"a"',                                                '{"_p":"a"'],
  ])('%s: %s', (name, line, fixed) => {
    expect(readFix(name).apply(line)).toBe(fixed)
    expect(readFix(name).apply(fixed)).toBe(fixed)
  })

  test.each(['', 'none', 'rename', 'rename:a', 'rename:=b', 'drop', 'drop:', 'trim:x'])('"%s" is not a fix', (name) => {
    expect(() => readFix(name)).toThrow(`--fix is "${name}": expected ms-timestamps, trim, rename:OLD=NEW or drop:NAME.`)
  })
})
