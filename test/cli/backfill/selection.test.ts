import { describe, expect, test } from '@jest/globals'
import { placesUnder, readPeriod } from '../../../cli/backfill/selection.ts'

const OWN = { bucket: 'own', prefix: 'incoming/' }
const EXISTING = { bucket: 'existing', prefix: 'exports/km/' }
const WHOLE = { bucket: 'whole', prefix: '' }

describe('--prefix', () => {
  // prettier-ignore
  test.each([
    //  the prefix          of these places      is searched in
    ['incoming/2026/',      [OWN, EXISTING],     [{ bucket: 'own', prefix: 'incoming/2026/' }]],
    ['incoming/',           [OWN, EXISTING],     [OWN]],
    ['exports/',            [OWN, EXISTING],     [EXISTING]],
    ['exports/km/2026-11',  [OWN, EXISTING],     [{ bucket: 'existing', prefix: 'exports/km/2026-11' }]],
    ['',                    [OWN, EXISTING],     [OWN, EXISTING]],
    ['any/',                [OWN, WHOLE],        [{ bucket: 'whole', prefix: 'any/' }]],
    ['incoming/2026/',      [OWN, WHOLE],        [{ bucket: 'own', prefix: 'incoming/2026/' }, { bucket: 'whole', prefix: 'incoming/2026/' }]],
  ])('%s', (prefix, places, expected) => {
    expect(placesUnder(places, prefix)).toEqual(expected)
  })

  test('from which nothing is imported is refused, with those from which files are', () => {
    expect(() => placesUnder([OWN, EXISTING], 'reports/')).toThrow(
      '--prefix is "reports/": files are imported from incoming/, exports/km/ only. Use a prefix that begins like this, or that this begins with.',
    )
  })
})

describe('--since and --until', () => {
  const utc = (text: string) => Date.parse(text)

  // prettier-ignore
  test.each([
    //  the case                            since                         until                  from                                    to
    ['all time',                            undefined,                    undefined,             -Infinity,                              Infinity],
    ['whole days',                          '2026-11-01',                 '2026-11-15',          utc('2026-11-01T00:00Z'),               utc('2026-11-16T00:00Z')],
    ['one day',                             '2026-11-01',                 '2026-11-01',          utc('2026-11-01T00:00Z'),               utc('2026-11-02T00:00Z')],
    ['a time in UTC',                       '2026-11-01T08:30',           undefined,             utc('2026-11-01T08:30Z'),               Infinity],
    ['a time with seconds, and an offset',  '2026-11-01T08:30:15+02:00',  undefined,             utc('2026-11-01T06:30:15Z'),            Infinity],
    ['until a time, included',              undefined,                    '2026-11-01T08:30Z',   -Infinity,                              utc('2026-11-01T08:30Z') + 1],
  ])('%s', (_case, since, until, from, to) => {
    expect(readPeriod({ ...(since !== undefined && { since }), ...(until !== undefined && { until }) })).toEqual({ from, to })
  })

  test.each(['yesterday', '2026-02-30', '2026-13-01', '01.11.2026', '2026-11-01 08:30', '2026-11-01T25:00', '2026', ''])(
    '"%s" is refused',
    (since) => {
      expect(() => readPeriod({ since })).toThrow(
        `--since is "${since}": expected a day like 2026-11-01, or a time like 2026-11-01T08:30 (UTC).`,
      )
    },
  )

  test('in the wrong order are refused', () => {
    expect(() => readPeriod({ since: '2026-11-15', until: '2026-11-01' })).toThrow(/which is earlier: swap them\.$/)
  })
})
