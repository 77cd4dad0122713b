import { describe, expect, test } from '@jest/globals'
import { FIXES_HELP, readFix } from '../../../lambda/rules/fix.ts'

describe('a fix changes what it is for, and nothing else', () => {
  // prettier-ignore
  test.each([
    //  fix               a line                                                      fixed
    ['ms-timestamps',     '{"_p":"a","_t":1393344604000,"_n":"x"}',                   '{"_p":"a","_t":1393344604,"_n":"x"}'],
    ['ms-timestamps',     '{"_p":"a", "_t" : "1393344604999" ,"_n":"x"}',             '{"_p":"a", "_t" : 1393344604 ,"_n":"x"}'],
    ['ms-timestamps',     '{"_t":1393344604,"at":1393344604000}',                     '{"_t":1393344604,"at":1393344604000}'],
    ['ms-timestamps',     '{"_t":13933446040000}',                                    '{"_t":13933446040000}'],
    ['ms-timestamps',     '{"_t":1393344604000000}',                                  '{"_t":1393344604}'],
    ['ms-timestamps',     '{"_t":"1393344604000000000"}',                             '{"_t":1393344604}'],
    ['dates',             '{"_t":"2014-02-25T16:10:04Z","at":"2014-02-25T16:10:04Z"}', '{"_t":1393344604,"at":"2014-02-25T16:10:04Z"}'],
    ['dates',             '{"_t":"2014-02-25 17:10:04+01:00"}',                       '{"_t":1393344604}'],
    ['dates',             '{"_t":"/Date(1393344604000)/"}',                           '{"_t":1393344604}'],
    ['dates',             '{"_t":{"$date":"2014-02-25T16:10:04Z"}}',                  '{"_t":1393344604}'],
    ['ms-timestamps',     '{"_t":1.393344604e12}',                                    '{"_t":1393344604}'],
    ['ms-timestamps',     '{"_t":1.393344604e9}',                                     '{"_t":1.393344604e9}'],
    ['dates',             '{"_t":{"$date":{"$numberLong":"1393344604000"}}}',         '{"_t":1393344604}'],
    ['dates',             '{"_t":{"_seconds":1393344604,"_nanoseconds":5}}',          '{"_t":1393344604}'],
    ['dates',             '{"_t":20140225161004}',                                    '{"_t":20140225161004}'],
    ['dates:UTC',         '{"_t":20140225161004}',                                    '{"_t":1393344604}'],
    ['dates:+01:00',      '{"_t":"2014-02-25 16:10:04 CET"}',                         '{"_t":"2014-02-25 16:10:04 CET"}'],
    ['dates',             '{"_t":"2014-02-25 16:10:04"}',                             '{"_t":"2014-02-25 16:10:04"}'],
    ['dates',             '{"_t":"25/02/2014 16:10 UTC"}',                            '{"_t":"25/02/2014 16:10 UTC"}'],
    ['dates:UTC',         '{"_t":"2014-02-25 16:10:04"}',                             '{"_t":1393344604}'],
    ['dates:+01:00',      '{"_t":"2014-02-25 17:10:04"}',                             '{"_t":1393344604}'],
    ['dates:-0500',       '{"_t":"2014-02-25T16:10:04Z"}',                            '{"_t":1393344604}'],
    ['bom',               '\ufeff{"_p":"a"}',                                         '{"_p":"a"}'],
    ['bom',               '{"_p":"\ufeffa"}',                                         '{"_p":"\ufeffa"}'],
    ['octal',             '{"city":"Montr\\303\\251al","p":"\\302\\2435"}',           '{"city":"Montréal","p":"£5"}'],
    ['octal',             '{"city":"\\360\\237\\216\\211\\042"}',                   '{"city":"🎉\\""}'],
    ['octal',             '{"city":"\\303 \\\\303\\\\251"}',                            '{"city":"\\303 \\\\303\\\\251"}'],
    ['unpack',            '"{\\"_p\\":\\"a\\"}"',                                     '{"_p":"a"}'],
    ['unpack',            '"{""_p"":""a""}"',                                         '{"_p":"a"}'],
    ['unpack',            '"text"',                                                   '"text"'],
    ['split-objects',     '{"a":"}{"}{"b":[{}]}\ufeff, {"c":1}',                      '{"a":"}{"}\n{"b":[{}]}\n{"c":1}'],
    ['split-objects',     '{"a":1}{"b":',                                             '{"a":1}{"b":'],
    ['split-objects',     '{"a":1}x{"b":1}',                                          '{"a":1}x{"b":1}'],
    ['array',             '[{"a":1},{"b":2}]',                                        '{"a":1}\n{"b":2}'],
    ['array',             '{"a":[1,2]},',                                             '{"a":[1,2]}'],
    ['array',             '{"a":1}]',                                                 '{"a":1}'],
    ['list',              '{"links":[{"a":1},{"b":2}]}',                              '{"a":1}\n{"b":2}'],
    ['list',              '{"links":[{"a":1}],"n":1}',                                '{"links":[{"a":1}],"n":1}'],
    ['list:rows',         '{"n":1,"rows":[{"a":1},{"b":2}]}',                         '{"a":1}\n{"b":2}'],
    ['list:rows',         '{"rows":[1,2]}',                                           '{"rows":[1,2]}'],
    ['lift:properties',   '{"event":"A","properties":{"id":1,"o":1.0}}',              '{"event":"A","id":1,"o":1.0}'],
    ['lift:properties',   '{"id":2,"properties":{"id":1}}',                           '{"id":2,"properties":{"id":1}}'],
    ['lift:message',      '{"message":"{\\"_p\\":\\"a\\"}","host":"h"}',              '{"_p":"a"}'],
    ['lift:Item',         '{"Item":{"_p":{"S":"a"},"_t":{"N":"1"},"x":{"NULL":true}}}', '{"_p":"a","_t":1,"x":null}'],
    ['trim',              '{"_p":" a ","_n ":"x","n":1,"o":12345678901234567890}',    '{"_p":"a","_n":"x","n":1,"o":12345678901234567890}'],
    ['trim',              '{"_p":"a"},',                                              '{"_p":"a"}'],
    ['trim',              '\u00a0{"_p":"a\u200b","_n\u00a0":"x"}\u200b',               '{"_p":"a","_n":"x"}'],
    ['trim',              '{"_p":"❤️"}',                                               '{"_p":"❤️"}'],
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

  test.each(['', 'none', 'octal:x', 'trim:x'])('"%s" is not a fix', (name) => {
    expect(() => readFix(name)).toThrow(`--fix is "${name}": expected ${FIXES_HELP}.`)
  })

  test.each([
    ['list:', 'the name of the list, for example list:events'],
    ['lift', 'the name of the inner object, for example lift:properties'],
    ['dates:', 'a time zone, for example dates:UTC or dates:+01:00'],
    ['dates:here', 'a time zone, for example dates:UTC or dates:+01:00'],
    ['dates:CET', 'a time zone, for example dates:UTC or dates:+01:00'],
    ['rename', 'the old and the new name, for example rename:email=_p'],
    ['rename:a', 'the old and the new name, for example rename:email=_p'],
    ['rename:=b', 'the old and the new name, for example rename:email=_p'],
    ['drop', 'the name of the property, for example drop:comment'],
    ['drop:', 'the name of the property, for example drop:comment'],
  ])('"%s" lacks something, and the error says what', (name, expected) => {
    expect(() => readFix(name)).toThrow(`--fix is "${name}": expected ${expected}.`)
  })
})
