import { expect, test } from '@jest/globals'
import { contentOf, keyOf, lineNumberOf, reasonOf } from '../../../cli/rejects/content.ts'
import { toBody } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, GROUP } from './fixtures.ts'

const lineBody = toBody(deadLetterOf('{}', { reason: 'missing_timestamp' }))
const { line: _line, ...file } = deadLetterOf('x', {
  kind: 'file',
  reason: 'not_line_delimited_json',
  source: { bucket: 'b', key: 'incoming/b.json' },
})
const group = { ...file, kind: 'group', reason: 'missing_timestamp', group: GROUP }
const s3Event =
  '{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"incoming/a+b.json"}}}]}'

// prettier-ignore
test.each([
  //  a message                        body                                              kind             reason                     key                   line
  ['the dead letter of a line',        lineBody,                                         'line',          'missing_timestamp',       'incoming/a.json',    7],
  ['the dead letter of a file',        JSON.stringify(file),                             'file',          'not_line_delimited_json', 'incoming/b.json',    undefined],
  ['the dead letter of many lines',    JSON.stringify(group),                            'group',         'missing_timestamp',       'incoming/b.json',    undefined],
  ['a damaged one of many lines',      JSON.stringify({ ...group, group: undefined }),   'unknown',       'unknown_message',         '',                   undefined],
  ['an S3 event',                      s3Event,                                          'failed-import', 'import_unfinished',       'incoming/a b.json',  undefined],
  ['a daily job',                      '{"schema":"kissmetrics-importer/reconcile/v1"}', 'failed-import', 'import_unfinished',       '',                   undefined],
  ['a task of a newer version',        '{"schema":"kissmetrics-importer/task/v2"}',      'newer',         'newer_version',           '',                   undefined],
  ['a dead letter of a newer version', '{"schema":"kissmetrics-importer/dead-letter/v2"}', 'newer',      'newer_version',           '',                   undefined],
  ['a text that is not JSON',          'hello',                                          'unknown',       'unknown_message',         '',                   undefined],
  ['a message of another program',     '{"schema":"orders/v1"}',                         'unknown',       'unknown_message',         '',                   undefined],
])('%s', (_what, body, kind, reason, key, line) => {
  const content = contentOf(body)
  expect([content.kind, reasonOf(content), keyOf(content), lineNumberOf(content)]).toEqual([kind, reason, key, line])
})
