import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { foldName } from '../../../../lambda/survey/stored-name.ts'
import { duplicateKey, parseRequest, type ParsedRequest } from '../../../../emulators/kissmetrics/parse-request.ts'
import { parseLine } from '../../../../lambda/parse/line.ts'
import { requestsFor } from '../../../../lambda/parse/request.ts'
import { jsonLines, surveyed, TIME, type Members } from '../surveyed.ts'

const bought = (members: Members = {}): Members => ({ _p: 'a', _t: TIME, _n: 'Bought', ...members })
const set = (members: Members): Members => ({ _p: 'a', _t: TIME, ...members })

describe('lines that Kissmetrics ignores as repeats', () => {
  // prettier-ignore
  test.each<[string, readonly Members[], Members]>([
    //  the lines                                       are                                                       and count as
    [ 'the same event',                                 [bought(), bought()],                                     { events: 1 } ],
    [ 'in other capitals',                              [bought(), bought({ _n: 'BOUGHT' })],                     { events: 1 } ],
    [ 'with a colon for a space',                       [bought({ _n: 'a b' }), bought({ _n: 'a:b' })],           { events: 1 } ],
    [ 'of another person',                              [bought(), bought({ _p: 'b' })],                          {} ],
    [ 'of a person in other capitals',                  [bought(), bought({ _p: 'A' })],                          {} ],
    [ 'another event',                                  [bought(), bought({ _n: 'Sold' })],                       {} ],
    [ 'a second later',                                 [bought(), bought({ _t: TIME + 1 })],                     {} ],
    [ 'within that second',                             [bought(), bought({ _t: TIME + 0.5 })],                   { events: 1 } ],
    [ 'with properties in another order',               [bought({ x: 1, y: 2 }), bought({ y: 2, x: 1 })],         { events: 1 } ],
    [ 'with names of properties in other capitals',     [bought({ x: 1 }), bought({ X: 1 })],                     { events: 1 } ],
    [ 'with a number as text',                          [bought({ x: 1 }), bought({ x: '1' })],                   { events: 1 } ],
    [ 'with another value',                             [bought({ x: 1 }), bought({ x: 2 })],                     { sameSecond: 1 } ],
    [ 'with values changed around',                     [bought({ x: 1, y: 2 }), bought({ x: 2, y: 1 })],         { sameSecond: 1 } ],
    [ 'with one property more',                         [bought(), bought({ x: 1 })],                             { sameSecond: 1 } ],
    [ 'like the first of two',                          [bought({ x: 1 }), bought({ x: 2 }), bought({ x: 1 })],   { events: 1, sameSecond: 1 } ],
    [ 'the same property',                              [set({ x: 1 }), set({ X: 1 })],                           { sets: 1 } ],
    [ 'two that were set in one',                       [set({ x: 1, y: 2 }), set({ y: 2 }), set({ x: 1 })],      { sets: 2 } ],
    [ 'one of two is new',                              [set({ x: 1 }), set({ x: 1, y: 2 })],                     {} ],
    [ 'another value',                                  [set({ x: 1 }), set({ x: 2 })],                           { contradictions: 1 } ],
    [ 'a property of an event',                         [bought({ x: 1 }), set({ x: 1 })],                        {} ],
  ])('%s', async (_what, lines, found) => {
    const { repeats } = await surveyed(jsonLines(lines))
    const { examples: _examples, isComplete, ...counts } = repeats
    expect(counts).toEqual({ events: 0, sameSecond: 0, sets: 0, contradictions: 0, ...found })
    expect(isComplete).toBe(true)
  })
})

test('a repeat is found across files, with its position', async () => {
  const { repeats } = await surveyed(jsonLines([bought()]), jsonLines([bought({ _p: 'b' }), bought()]))
  expect(repeats.examples.events).toEqual([{ file: 'b', line: 2 }])
})

describe('the Kissmetrics emulator ignores the same repeats', () => {
  const line = fc.record({
    _p: fc.constantFrom('a', 'A', 'a,b', 'a b'),
    _t: fc.constantFrom(TIME, TIME + 1),
    _n: fc.option(fc.constantFrom('x', 'X', 'y', 'a,b', 'a b', 'A:B'), { nil: undefined }),
    properties: fc.uniqueArray(fc.tuple(fc.constantFrom('x', 'X', 'y', 'y,z', 'y z'), fc.constantFrom(1, '1', 'one', 2)), {
      maxLength: 3,
      selector: ([name]) => name.toLowerCase().replace(',', ' '), // what Kissmetrics does with two properties of one name in a line is not documented
    }),
  })
  const files = fc
    .array(line, { maxLength: 40 })
    .map((parts) => [bought(), ...parts.map(({ properties, ...rest }) => ({ ...rest, ...Object.fromEntries(properties) }))])

  test('of events', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (lines) => {
        const identities = understoodOf(lines).flatMap((command) => (command.kind === 'record' ? [duplicateKey(command)] : []))
        const { repeats } = await surveyed(jsonLines(lines))
        expect(repeats.events).toBe(identities.length - new Set(identities).size)
      }),
    )
  })

  test('of properties', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (lines) => {
        const values = new Map<string, Set<string>>()
        let [repeated, contradictions] = [0, 0]
        for (const command of understoodOf(lines)) {
          if (command.kind !== 'set') continue
          const matches = command.properties.map(([name, value]) => {
            const key = JSON.stringify([command.person, command.time, foldName(name)])
            const known = values.get(key) ?? new Set()
            values.set(key, known)
            const match = known.has(value) ? 'same' : known.size > 0 ? 'differs' : 'new'
            known.add(value)
            return match
          })
          contradictions += matches.filter((match) => match === 'differs').length
          if (matches.every((match) => match === 'same')) repeated += 1
        }
        const { repeats } = await surveyed(jsonLines(lines))
        expect({ sets: repeats.sets, contradictions: repeats.contradictions }).toEqual({ sets: repeated, contradictions })
      }),
    )
  })
})

/** What the emulator makes of the requests that an import would send. */
function understoodOf(lines: readonly Members[]): readonly ParsedRequest[] {
  return lines.flatMap((line) => {
    const parsed = parseLine(JSON.stringify(line), { latestTime: 2_000_000_000 })
    const requests = parsed.kind === 'parsed' ? requestsFor(parsed, 'K') : []
    return 'kind' in requests ? [] : requests.map(({ path }) => parseRequest(path.slice(0, 2), path.slice(3), 0))
  })
}
