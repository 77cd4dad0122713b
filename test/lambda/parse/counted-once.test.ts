import { expect, test } from '@jest/globals'
import { CountedOnce } from '../../../lambda/parse/counted-once.ts'
import { parsed } from './outcome.ts'

// cspell:ignore urchased

const EVENT = '{"_p":"bob","_t":1393344604,"_n":"Purchased","price":10}'

// prettier-ignore
test.each([
  //  after EVENT and {"_p":"bob","_t":1393344605,"plan":"gold"}                   is counted once
  [ EVENT,                                                                         true ],
  [ '{"_p":"bob","_t":1393344604,"_n":"purchased","price":20}',                    true ],
  [ '{"_p":"bob","_t":1393344604.9,"_n":"Purchased"}',                             true ],
  [ '{"_p":"bob","_t":1393344605,"Plan":"silver"}',                                true ],
  [ '{"_p":"bob","_t":1393344605,"age":3,"plan":"silver"}',                        true ],
  [ '{"_p":"bob","_t":1393344605,"_n":"Purchased"}',                               false ],
  [ '{"_p":"Bob","_t":1393344604,"_n":"Purchased"}',                               false ],
  [ '{"_p":"bob","_t":1393344604,"_n":"Purchase"}',                                false ],
  [ '{"_p":"bobP","_t":1393344604,"_n":"urchased"}',                               false ],
  [ '{"_p":"bob","_t":1393344604,"plan":"gold"}',                                  false ],
  [ '{"_p":"bob","_t":1393344605,"age":3}',                                        false ],
  [ '{"_p":"bob","_t":1393344605,"_p2":"b"}',                                      false ],
])('%s: %j', (line, isCountedOnce) => {
  const countedOnce = new CountedOnce()
  for (const earlier of [EVENT, '{"_p":"bob","_t":1393344605,"plan":"gold"}']) expect(countedOnce.has(parsed(earlier))).toBe(false)
  expect(countedOnce.has(parsed(line))).toBe(isCountedOnce)
})

test('commas and colons in identities are spaces', () => {
  const countedOnce = new CountedOnce()
  countedOnce.has(parsed(EVENT.replace('bob', 'a:b')))
  expect(countedOnce.has(parsed(EVENT.replace('bob', 'a b')))).toBe(true)
})

test('no line is taken for another by chance, and the last ones are remembered', () => {
  const countedOnce = new CountedOnce()
  const line = (number: number) => parsed(`{"_p":"person ${number}","_t":1393344604,"_n":"x"}`)
  let found = 0
  for (let number = 0; number < 20_000; number += 1) if (countedOnce.has(line(number))) found += 1
  expect(found).toBe(0)
  expect(countedOnce.has(line(19_999))).toBe(true)
})
