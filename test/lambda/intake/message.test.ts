import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readMessage, UnknownMessageError } from '../../../lambda/intake/message.ts'
import { NEW_SEARCH, searchBody } from '../../../lambda/intake/search.ts'
import { taskBody, type Task } from '../../../lambda/intake/task.ts'
import { decodeObjectKey } from '../../../lambda/intake/object-key.ts'

/** As documented by AWS. @see Amazon S3, "Event message structure" */
function record(eventName: string, object: Record<string, unknown>): Record<string, unknown> {
  return {
    eventVersion: '2.6',
    eventSource: 'aws:s3',
    awsRegion: 'us-west-2',
    eventTime: '1970-01-01T00:00:00.000Z',
    eventName,
    userIdentity: { principalId: 'AIDAJDPLRKLG7UEXAMPLE' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810', 'x-amz-id-2': 'x' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'testConfigRule',
      bucket: {
        name: 'amzn-s3-demo-bucket',
        ownerIdentity: { principalId: 'A3NL1KOZZKExample' },
        arn: 'arn:aws:s3:::amzn-s3-demo-bucket',
      },
      object: { sequencer: '0055AED6DCD90281E5', ...object },
    },
    newFieldOfTomorrow: {},
  }
}

const bucket = 'amzn-s3-demo-bucket'

describe('what a message asks for', () => {
  // prettier-ignore
  test.each<[string, unknown, unknown]>([
    //  the message                  is                                                                                                    and asks for
    [ 'a put',                       { Records: [record('ObjectCreated:Put', { key: 'incoming/a.json', size: 1024, eTag: 'd41d' })] },     [{ kind: 'task', task: { file: { bucket, key: 'incoming/a.json', etag: 'd41d', bytes: 1024 }, replays: 0, reached: 0, delays: 0 } }] ],
    [ 'an upload in parts',          { Records: [record('ObjectCreated:CompleteMultipartUpload', { key: 'k', eTag: 'e-2' })] },            [{ kind: 'task', task: { file: { bucket, key: 'k', etag: 'e-2' }, replays: 0, reached: 0, delays: 0 } }] ],
    [ 'a version',                   { Records: [record('ObjectCreated:Copy', { key: 'k', versionId: '096f', eTag: 'e' })] },              [{ kind: 'task', task: { file: { bucket, key: 'k', versionId: '096f', etag: 'e' }, replays: 0, reached: 0, delays: 0 } }] ],
    [ 'an odd key',                  { Records: [record('ObjectCreated:Put', { key: 'a+b+%2Bc%25%C3%A9.ndjson' })] },                       [{ kind: 'task', task: { file: { bucket, key: 'a b +c%é.ndjson' }, replays: 0, reached: 0, delays: 0 } }] ],
    [ 'two files',                   { Records: [record('ObjectCreated:Put', { key: 'a' }), record('ObjectCreated:Put', { key: 'b' })] },  [{ kind: 'task', task: { file: { bucket, key: 'a' }, replays: 0, reached: 0, delays: 0 } }, { kind: 'task', task: { file: { bucket, key: 'b' }, replays: 0, reached: 0, delays: 0 } }] ],
    [ 'a delete marker',             { Records: [record('ObjectRemoved:DeleteMarkerCreated', { key: 'a' })] },                             [{ kind: 'ignored', why: 'ObjectRemoved:DeleteMarkerCreated' }] ],
    [ 'the test event',              { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2014', Bucket: bucket, RequestId: '5', HostId: '8' }, [{ kind: 'ignored', why: 's3:TestEvent' }] ],
  ])('%s', (_what, message, works) => {
    expect(readMessage(JSON.stringify(message))).toEqual(works)
  })

  // prettier-ignore
  test.each<[string, Task]>([
    [ 'a file that was found',   { file: { bucket, key: 'k', versionId: 'v', etag: 'e', bytes: 9 }, replays: 0, reached: 0, delays: 0 } ],
    [ 'the rest of a file',      { file: { bucket, key: 'k' }, replays: 1, reached: 70_000, delays: 3 } ],
    [ 'a segment',               { file: { bucket, key: 'k' }, segment: { index: 2, byteStart: 10, byteEnd: 20, firstLine: 3, lines: 2 }, replays: 0, reached: 2, delays: 0 } ],
  ])('%s, as the importer queues it', (_what, task) => {
    expect(readMessage(taskBody(task))).toEqual([{ kind: 'task', task }])
  })

  test('the daily jobs, as the stack asks for them', () => {
    expect(readMessage('{"schema":"kissmetrics-importer/reconcile/v1"}')).toEqual([{ kind: 'reconcile', search: NEW_SEARCH }])
    expect(readMessage('{"schema":"kissmetrics-importer/archive/v1"}')).toEqual([{ kind: 'archive' }])
  })

  test('the rest of a search, as the importer queues it', () => {
    const search = { after: { key: 'incoming/m.json', versionId: 'null' }, files: 70_000, queued: 2 }
    expect(readMessage(searchBody(search))).toEqual([{ kind: 'reconcile', search }])
  })

  const DEAD_LETTER = {
    schema: 'kissmetrics-importer/dead-letter/v1',
    kind: 'line',
    reason: 'invalid_json',
    detail: 'd',
    source: {
      bucket,
      key: 'k',
      versionId: 'v',
      etag: 'e',
      lastModified: '2026-01-01T00:00:00.000Z',
      line: 4,
      byteStart: 10,
      byteEnd: 12,
    },
    line: '{}',
    attempts: 0,
    replays: 2,
    failedAt: '2026-01-01T00:00:00.000Z',
  }

  test('a dead letter of a line', () => {
    expect(readMessage(JSON.stringify(DEAD_LETTER))).toEqual([{ kind: 'dead-letter', deadLetter: DEAD_LETTER }])
  })

  test('a dead letter of a file imports the file again, and counts the replay', () => {
    const deadLetter = { ...DEAD_LETTER, kind: 'file', source: { bucket, key: 'k', versionId: 'v' } }
    expect(readMessage(JSON.stringify(deadLetter))).toEqual([
      { kind: 'task', task: { file: { bucket, key: 'k', versionId: 'v' }, replays: 3, reached: 0, delays: 0 } },
    ])
  })

  // prettier-ignore
  test.each<[string, string, string]>([
    //  the message                 is                                                                          and is said
    [ 'not JSON',                   'secret',                                                                   'The message is neither an S3 event nor a message of the importer: it is not JSON.' ],
    [ 'of another service',         '{"secret":1}',                                                             'The message is neither an S3 event nor a message of the importer: Records should be "Records".' ],
    [ 'without records',            '{"Records":[]}',                                                           'The message is neither an S3 event nor a message of the importer: Records should be >=1.' ],
    [ 'without a key',              JSON.stringify({ Records: [record('ObjectCreated:Put', {})] }),             'The message is neither an S3 event nor a message of the importer: Records.0.s3.object.key should be "key".' ],
    [ 'with a broken key',          JSON.stringify({ Records: [record('ObjectCreated:Put', { key: '%E0%' })] }), 'The S3 event names an object whose key is not URL-encoded.' ],
    [ 'a dead letter of another schema', JSON.stringify({ ...DEAD_LETTER, schema: 'other/v1' }),                          'The dead letter is damaged: schema should be "kissmetrics-importer/dead-letter/v1". Put its line into a new file.' ],
    [ 'a dead letter without its line number', JSON.stringify({ ...DEAD_LETTER, source: { bucket, key: 'k' } }),        'The dead letter is damaged: source.line is missing. Put its line into a new file.' ],
    [ 'a dead letter with a negative count', JSON.stringify({ ...DEAD_LETTER, replays: -1 }),                             'The dead letter is damaged: replays should be >=0. Put its line into a new file.' ],
  ])('%s is not understood', (_what, body, sentence) => {
    expect(() => readMessage(body)).toThrow(new UnknownMessageError(sentence))
  })

  test('any JSON is understood or refused with an UnknownMessageError', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        try {
          readMessage(body)
        } catch (error) {
          expect(error).toBeInstanceOf(UnknownMessageError)
        }
      }),
    )
  })
})

test('decodes every key that S3 encodes in an event', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
      const encoded = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
      expect(decodeObjectKey(encoded)).toBe(key)
    }),
  )
})
