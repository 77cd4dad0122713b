import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readMessage, UnknownMessageError } from '../../../lambda/intake/message.ts'
import { NEW_SEARCH, searchBody } from '../../../lambda/intake/search.ts'
import { taggedBody } from '../../../lambda/intake/tagged-object.ts'
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

/** As documented by AWS. @see Amazon S3, "EventBridge event message structure" */
function eventBridgeEvent(detailType: string, object: Record<string, unknown>): Record<string, unknown> {
  return {
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': detailType,
    source: 'aws.s3',
    account: '111122223333',
    time: '2021-11-12T00:00:00Z',
    region: 'ca-central-1',
    resources: ['arn:aws:s3:::amzn-s3-demo-bucket'],
    detail: {
      version: '0',
      bucket: { name: 'amzn-s3-demo-bucket' },
      object: { sequencer: '617f08299329d189', ...object },
      'request-id': 'N4N7GDK58NMKJ12R',
      requester: '123456789012',
      'source-ip-address': '1.2.3.4',
      reason: 'PutObject',
    },
  }
}

/** As documented by AWS. @see Amazon SNS, "Parsing Amazon SNS message formats" */
function snsNotification(message: unknown): Record<string, unknown> {
  return {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: 'arn:aws:sns:us-west-2:123456789012:MyTopic',
    Subject: 'Amazon S3 Notification',
    Message: typeof message === 'string' ? message : JSON.stringify(message),
    Timestamp: '2012-05-02T00:54:06.655Z',
    SignatureVersion: '1',
    Signature: 'EXAMPLEw6JRN...',
    SigningCertURL: 'https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem',
    UnsubscribeURL:
      'https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db0',
  }
}

const TEST_EVENT = {
  Service: 'Amazon S3',
  Event: 's3:TestEvent',
  Time: '2014-10-13T15:57:02.089Z',
  Bucket: 'amzn-s3-demo-bucket',
  RequestId: '5582815E1AEA5ADF',
  HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE',
}

const bucket = 'amzn-s3-demo-bucket'

describe('an event in an envelope asks for the same', () => {
  const file = {
    bucket: 'amzn-s3-demo-bucket',
    key: 'in/a b+c.json',
    versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
    etag: 'b1946ac9',
    bytes: 5,
  }
  const task = [{ kind: 'task', task: { file, replays: 0, reached: 0, delays: 0 } }]
  const { bytes: _bytes, ...version } = file
  const tagged = [{ kind: 'tagged', file: version }]
  // The time of the event.
  const since = Date.parse('2021-11-12T00:00:00Z')
  const bridgedTask = task.map((work) => ({ ...work, task: { ...work.task, since } }))
  const s3 = {
    Records: [record('ObjectCreated:Put', { key: 'in/a+b%2Bc.json', size: 5, eTag: 'b1946ac9', versionId: file.versionId })],
  }
  const bridged = eventBridgeEvent('Object Created', {
    key: 'in/a b+c.json',
    size: 5,
    etag: 'b1946ac9',
    'version-id': file.versionId,
  })

  // prettier-ignore
  test.each<[string, unknown, unknown]>([
    //  sent by                                           the body                                                     asks for
    ['S3 itself, or SNS with raw delivery',               s3,                                                          task],
    ['SNS without raw delivery',                          snsNotification(s3),                                         task],
    ['EventBridge, whose key is not encoded',             bridged,                                                     bridgedTask],
    ['EventBridge and SNS',                               snsNotification(bridged),                                    bridgedTask],
    ['EventBridge, of a bucket without versions',         eventBridgeEvent('Object Created', { key: 'a%2B', etag: 'e' }), [{ kind: 'task', task: { file: { bucket: 'amzn-s3-demo-bucket', key: 'a%2B', etag: 'e' }, replays: 0, reached: 0, delays: 0, since } }]],
    ['EventBridge, about a deleted object',               eventBridgeEvent('Object Deleted', { key: 'a' }),             [{ kind: 'ignored', why: 'Object Deleted' }]],
    ['SNS, about a deleted object',                       snsNotification({ Records: [record('ObjectRemoved:Delete', { key: 'a' })] }), [{ kind: 'ignored', why: 'ObjectRemoved:Delete' }]],
    ['S3, about a tag',                                   { Records: [record('ObjectTagging:Put', { key: 'in/a+b%2Bc.json', eTag: 'b1946ac9', versionId: file.versionId })] }, tagged],
    ['SNS, about a tag',                                  snsNotification({ Records: [record('ObjectTagging:Put', { key: 'in/a+b%2Bc.json', eTag: 'b1946ac9', versionId: file.versionId })] }), tagged],
    ['EventBridge, about a tag',                          eventBridgeEvent('Object Tags Added', { key: file.key, etag: 'b1946ac9', 'version-id': file.versionId }), tagged],
    ['EventBridge and SNS, about a tag',                  snsNotification(eventBridgeEvent('Object Tags Added', { key: file.key, etag: 'b1946ac9', 'version-id': file.versionId })), tagged],
    ['EventBridge, about a tag that was removed',         eventBridgeEvent('Object Tags Deleted', { key: 'a' }),       [{ kind: 'ignored', why: 'Object Tags Deleted' }]],
    ['S3, about a tag that was removed',                  { Records: [record('ObjectTagging:Delete', { key: '%' })] }, [{ kind: 'ignored', why: 'ObjectTagging:Delete' }]],
    ['SNS, as a test',                                    snsNotification(TEST_EVENT),                                 [{ kind: 'ignored', why: 's3:TestEvent' }]],
  ])('sent by %s', (_by, body, work) => {
    expect(readMessage(JSON.stringify(body))).toEqual(work)
  })

  // prettier-ignore
  test.each<[string, unknown, string]>([
    ['an SNS message that is not JSON',        snsNotification('Hello world!'),                           'The message was sent by SNS and is not an S3 event: it is not JSON.'],
    ['an SNS message about something else',    snsNotification({ AlarmName: 'x' }),                       'The message is neither an S3 event nor a message of the importer: Records should be "Records".'],
    ['a message of the importer through SNS',  snsNotification({ schema: 'kissmetrics-importer/reconcile/v1' }), 'The message is neither an S3 event nor a message of the importer: Records should be "Records".'],
    ['SNS in SNS',                             snsNotification(snsNotification(s3)),                      'The message is neither an S3 event nor a message of the importer: Records should be "Records".'],
    ['the request to confirm a subscription',  { Type: 'SubscriptionConfirmation', TopicArn: 'arn:aws:sns:us-west-2:123456789012:MyTopic', Token: '2336412f37', SubscribeURL: 'https://sns.us-west-2.amazonaws.com/' }, 'SNS asks to confirm that the import queue is subscribed to a topic: run `aws sns confirm-subscription` with the token in this message.'],
    ['an EventBridge event of another service', { ...bridged, source: 'aws.ec2' },                        'The message is neither an S3 event nor a message of the importer: Records should be "Records".'],
  ])('%s is refused', (_what, body, message) => {
    expect(() => readMessage(JSON.stringify(body))).toThrow(new UnknownMessageError(message))
  })
})

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

  test('the tags of an object, as the importer queues them', () => {
    const file = { bucket, key: 'k', versionId: 'v' }
    expect(readMessage(taggedBody(file))).toEqual([{ kind: 'tagged', file }])
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
