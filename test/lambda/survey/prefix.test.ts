import { expect, test } from '@jest/globals'
import { prefixOf } from '../../../lambda/survey/prefix.ts'

// prettier-ignore
test.each([
  [ 'incoming/daily/2026-11-01.jsonl',                     'incoming/daily/' ],
  [ 'incoming/daily/20261101.ndjson.gz',                   'incoming/daily/' ],
  [ 'incoming/2026/11/01/events.jsonl',                    'incoming/events' ],
  [ 'incoming/2026/11/01/users.jsonl',                     'incoming/users' ],
  [ 'incoming/2026-11-01-events.jsonl',                    'incoming/events' ],
  [ 'incoming/daily/events-2026-11-01.jsonl',              'incoming/daily/events' ],
  [ 'incoming/export_2026-11-01T10:00:00Z.json',           'incoming/export' ],
  [ 'incoming/export_2026-11-01t10-00-00.123z.json',       'incoming/export' ],
  [ 'incoming/date=2026-11-01/hour=05/part-00001.json.gz', 'incoming/date=/hour=/part' ],
  [ 'incoming/part-00001-3f2a1b2c-0000-1111-2222-333344445555.json', 'incoming/part' ],
  [ 'incoming/km_1604200000_9f8e7d6c5b4a39281716.json',    'incoming/km' ],
  [ 'incoming/march.jsonl',                                'incoming/' ],
  [ 'incoming/users Nov 2026 (3).jsonl',                   'incoming/users' ],
  [ 'incoming/Monday.jsonl',                               'incoming/' ],
  [ 'incoming/mayor.jsonl',                                'incoming/mayor' ],
  [ 'incoming/users.csv.zip',                              'incoming/users' ],
  [ '名前-2026.jsonl',                                      '名前' ],
])('%s → %s', (key, prefix) => {
  expect(prefixOf(key)).toBe(prefix)
})
