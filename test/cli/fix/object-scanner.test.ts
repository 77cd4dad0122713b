import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ObjectScanner } from '../../../cli/fix/object-scanner.ts'

function scan(text: string, listName?: string, size = text.length): readonly string[] {
  const scanner = new ObjectScanner(listName)
  const objects: string[] = []
  for (let at = 0; at < text.length; at += size) objects.push(...scanner.push(text.slice(at, at + size)))
  scanner.end()
  return objects
}

describe('the objects of a file are found, however it is read', () => {
  // prettier-ignore
  test.each([
    //  the file                                                         in the list    its objects
    [ '{"a":1}{"b":2}',                                                  undefined,     ['{"a":1}', '{"b":2}'] ],
    [ '{"a":"}{"}\n\n{"b":"\\"}{"},\r\n\ufeff{"c":[{}]}',                 undefined,     ['{"a":"}{"}', '{"b":"\\"}{"}', '{"c":[{}]}'] ],
    [ '[{"a":1},{"b":2}]',                                               undefined,     ['{"a":1}', '{"b":2}'] ],
    [ '[\n{"a":1},\n{"b":2}\n]\n',                                       undefined,     ['{"a":1}', '{"b":2}'] ],
    [ '{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}\n{}',                  undefined,     ['{ "a": 1, "b": { "c": 2 } }', '{}'] ],
    [ '{"links":[{"a":1},{"b":[{}]}]}',                                  'links',       ['{"a":1}', '{"b":[{}]}'] ],
    [ '{"links":[{"a":1}],"n":2}',                                       '',            ['{"a":1}'] ],
    [ '{"meta":{"links":[{"x":1}]},"n":"links","links" : [\n{"a":1}]}',  'links',       ['{"a":1}'] ],
    [ '{"other":[{"x":1}],"links":[{"a":1}]}',                           'links',       ['{"a":1}'] ],
    [ '{"links":[{"a":1},]\n}\n',                                        'links',       ['{"a":1}'] ],
  ])('%j', (text, listName, objects) => {
    for (let size = 1; size <= text.length; size += 1) expect(scan(text, listName, size)).toEqual(objects)
  })

  test('any objects, joined in any of these ways, in pieces of any size', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value))
    fc.assert(
      fc.property(
        fc.array(object, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(['', '', ''], ['[', ',', ']'], ['', '\r\n', '\n'], ['[\n', '\n,', '\n]'], ['', ' , ', ',']),
        fc.integer({ min: 1, max: 40 }),
        (objects, [before = '', between = '', after = ''], size) => {
          expect(scan(before + objects.join(between) + after, undefined, size)).toEqual(objects)
        },
      ),
    )
  })
})

test.each([
  ['{"a":1', undefined, 'cut off'],
  ['{"links":[{"a":1}', 'links', 'cut off'],
  ['a,b\n1,2', undefined, '"a"'],
  ['{"a":1}x{"b":2}', undefined, 'After 1 objects there is "x"'],
  ['{"a":1}"x"', undefined, 'After 1 objects'],
  ['{"rows":[{"a":1}]}', 'links', 'No objects'],
  ['', undefined, 'No objects'],
  [`{"a":"${'x'.repeat(4_200_000)}"}`, undefined, 'more than 4 million'],
])('%# is an error that says where it is', (text, listName, message) => {
  expect(() => scan(text, listName, 65_536)).toThrow(message)
})
