import { expect, test } from '@jest/globals'
import type { ColumnMapping } from '../../../lambda/csv/columns.ts'
import { findCsv } from '../../../lambda/csv/layout.ts'
import { lineOfRow } from '../../../lambda/csv/row-line.ts'

// prettier-ignore
test.each<[string, Partial<ColumnMapping>, string, string]>([
  //  the format of times               mapping                                  cell                          time in the line
  [ 'seconds',                          {},                                      '1393344604',                 '1393344604' ],
  [ 'milliseconds, as seconds',         {},                                      '1393344604000',              '1393344604000' ],
  [ 'milliseconds',                     { time: 'milliseconds' },                '1393344604999',              '1393344604' ],
  [ 'seconds, as milliseconds',         { time: 'milliseconds' },                '1393344604',                 '"1393344604"' ],
  [ 'a date with a zone',               { time: 'dates' },                       '2014-02-25T17:10:04+01:00',  '1393344604' ],
  [ 'a date with a zone, and another',  { time: 'dates', timeZone: '+09:00' },   '2014-02-25T16:10:04Z',       '1393344604' ],
  [ 'a date in the zone of the file',   { time: 'dates', timeZone: '+01:00' },   '2014-02-25 17:10:04',        '1393344604' ],
  [ 'a date without a zone',            { time: 'dates' },                       '2014-02-25 16:10:04',        '"2014-02-25 16:10:04"' ],
  [ 'a date with the day first',        { time: 'dates', timeZone: 'UTC' },      '25/02/2014',                 '"25/02/2014"' ],
  [ 'a word',                           { time: 'dates', timeZone: 'UTC' },      'soon',                       '"soon"' ],
])('%s', (_what, mapping, cell, time) => {
  const found = findCsv(Buffer.from('Who,When\n'), true, { columns: { Who: '_p', When: '_t' }, ...mapping })
  if (found.kind !== 'csv') throw new Error(found.kind)
  expect(lineOfRow(['a', cell], found.layout, undefined)).toBe(`{"_p":"a","_t":${time}}`)
})
