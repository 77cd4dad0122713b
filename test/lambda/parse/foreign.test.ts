import { describe, expect, test } from '@jest/globals'
import { recognizeHalfRenamed, recognizeLayout, rejectLayout } from '../../../lambda/parse/foreign.ts'
import type { JsonObject } from '../../../lambda/parse/layout.ts'
import { rejectionOf } from './outcome.ts'

const recognized = (line: string) => recognizeLayout(JSON.parse(line) as JsonObject)
const T = 1_393_344_604

describe('a line of another product is recognised, with the fixes that convert it', () => {
  // prettier-ignore
  test.each([
    //  the line                                                                                          it is                            the fixes
    [ `{"event":"A","properties":{"distinct_id":"u","time":${T},"$city":"Rome"}}`,                        'a Mixpanel export',             'lift:properties rename:distinct_id=_p rename:time=_t rename:event=_n' ],
    [ '{"distinct_id":"u","event":"A","timestamp":"2014-02-25T16:10:04Z","properties":{}}',               'a PostHog export',              'lift:properties rename:distinct_id=_p rename:timestamp=_t dates rename:event=_n' ],
    [ `{"Identity":"bob","Timestamp":${T},"Event":"A","Prop:Age":21}`,                                    'a Kissmetrics CSV layout',      'rename:Identity=_p rename:Timestamp=_t rename:Event=_n' ],
    [ '{"KM_PERSON":"bob","KM_TIME":"2014-02-25 16:10:04","plan":"pro"}',                                 'a Kissmetrics SQL import',      'rename:KM_PERSON=_p rename:KM_TIME=_t dates' ],
    [ `{"user_id":"u","event_type":"A","time":${T}000,"event_properties":{"plan":"pro"}}`,                'an Amplitude export',           'lift:event_properties rename:user_id=_p rename:time=_t ms-timestamps rename:event_type=_n' ],
    [ '{"type":"track","userId":"u","event":"A","timestamp":"2014-02-25T16:10:04Z","properties":{}}',     'a Segment log',                 'lift:properties rename:userId=_p rename:timestamp=_t dates rename:event=_n' ],
    [ `{"event_name":"A","event_timestamp":${T}000000,"user_pseudo_id":"u"}`,                             'a Google Analytics export',     'rename:user_pseudo_id=_p rename:event_timestamp=_t ms-timestamps rename:event_name=_n' ],
    [ `{"p":"bob","t":${T},"n":"A"}`,                                                                     'another product',               'rename:p=_p rename:t=_t rename:n=_n' ],
    [ `{"Email Address":"bob@bob.com","Created At":${T},"Action":"A"}`,                                   'another product',               'rename:Email Address=_p rename:Created At=_t rename:Action=_n' ],
    [ `{"_id":"x","_index":"logs","_source":{"_p":"bob","_t":${T},"_n":"A"}}`,                            'inside "_source"',              'lift:_source' ],
    [ '{"Item":{"_p":{"S":"bob"},"_t":{"N":"1393344604"}}}',                                              'inside "Item"',                 'lift:Item' ],
    [ '{"message":"{\\"_p\\":\\"bob\\"}"}',                                                               'inside "message"',              'lift:message' ],
    [ '{"links":[{"_p":"bob"}]}',                                                                         'in the list `links`',           'list:links' ],
    [ '{"count":2,"rows":[{"id":1},{"id":2}]}',                                                           'in the list `rows`',            'list:rows' ],
    [ `{"_p":"bob","_t":${T},"n":"A"}`,                                                                   'no line has an event in `_n`',  'rename:n=_n' ],
    [ `{"_p":"bob","_t":${T},"event":"A","timestamp":${T}}`,                                              'no line has an event in `_n`',  'rename:event=_n' ],
  ])('%s', (line, what, fixes) => {
    expect(recognized(line)?.what).toContain(what)
    expect(recognized(line)?.fixes.join(' ')).toBe(fixes)
  })
})

test.each([
  '{}',
  '{"_t":1393344604,"_n":"A"}',
  '{"_t":1393344604,"_n":"A","email":"bob@bob.com","timestamp":1}',
  '{"plan":"pro","age":3}',
  '{"email":"bob@bob.com","plan":"pro"}',
  '{"timestamp":1393344604}',
  '{"_p":"bob","_t":1393344604,"plan":"pro"}',
  '{"_p":"bob","_t":1393344604,"_n":"A","event":"x"}',
  '{"_p":"bob","_t":1393344604,"_p2":"b","n":"x"}',
  '{"_p":"bob","_t":1393344604,"n":3}',
  '{"_p":null,"userId":"u","timestamp":1}',
  '{"tags":[1,2]}',
  '{"empty":[]}',
])('%s is not of another product', (line) => {
  expect(recognized(line)).toBeUndefined()
})

// prettier-ignore
test.each([
  [ `{"email":"bob@bob.com","_t":${T},"_n":"A"}`,                         'the person is in "email" instead of `_p`',      'rename:email=_p' ],
  [ `{"_p":"bob","timestamp":${T},"_n":"A"}`,                             'the time is in "timestamp" instead of `_t`',    'rename:timestamp=_t' ],
  [ `{"_p":"bob","created_at":"2014-02-25T16:10:04Z"}`,                   'the time is in "created_at" instead of `_t`',   'rename:created_at=_t dates' ],
  [ `{"_p":"bob","time":${T}000,"_n":"A"}`,                               'the time is in "time" instead of `_t`',         'rename:time=_t ms-timestamps' ],
  [ '{"_p":"bob","_n":"A"}',                                              undefined,                                       undefined ],
  [ '{"_p":"bob","_n":"A","date":"soon"}',                                undefined,                                       undefined ],
  [ '{"_p":null,"_n":"A","timestamp":"2014-02-25T16:10:04Z","email":"b"}', 'the time is in "timestamp" instead of `_t`',   'rename:timestamp=_t dates' ],
  [ `{"_p":null,"_t":${T},"email":"b"}`,                                  undefined,                                       undefined ],
  [ '{"email":"b"}',                                                      undefined,                                       undefined ],
])('%s is half converted', (line, what, fixes) => {
  const layout = recognizeHalfRenamed(JSON.parse(line) as JsonObject)
  expect([layout?.what, layout?.fixes.join(' ')]).toEqual([what, fixes])
})

test('the command is written for a shell', () => {
  const layout = { reason: 'other_product', what: 'x', fixes: ["rename:User's Id=_p", 'dates'] } as const
  expect(rejectLayout(layout).detail).toContain(
    String.raw`(x; to convert it, run: npx km-import fix FILE --fix 'rename:User'\''s Id=_p' --fix dates)`,
  )
})

test('the rejection of a single line says it too', () => {
  expect(rejectionOf(`{"userId":"bob","timestamp":${T},"event":"A"}`)).toMatchObject({
    reason: 'missing_identity',
    detail: expect.stringContaining('(columns "userId", "timestamp", "event": this is the layout of another product)'),
  })
})

test.each([
  [`{"email":"bob@bob.com","_t":${T},"_n":"A"}`, 'missing_identity', '(the person is in "email" instead of `_p`)'],
  [`{"_p":"bob","timestamp":${T},"_n":"A"}`, 'missing_timestamp', '(the time is in "timestamp" instead of `_t`)'],
])('so does that of a line that is half converted: %s', (line, reason, hint) => {
  expect(rejectionOf(line)).toMatchObject({ reason, detail: expect.stringContaining(hint) })
})
