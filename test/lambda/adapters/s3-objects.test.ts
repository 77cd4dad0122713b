import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { s3SourceFiles } from '../../../lambda/adapters/s3-objects.ts'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { clientFor, LocalBuckets } from '../read/local-bucket.ts'
import { StubServer } from '../read/stub-server.ts'
import type { ByteRange, OpenFile } from '../../../lambda/ports.ts'

const OBJECT = 'first\nsecond\nthird'

let buckets: LocalBuckets
beforeAll(async () => {
  buckets = await LocalBuckets.start()
})
afterAll(() => buckets[Symbol.asyncDispose]())

async function open(file: SourceFile, range?: ByteRange): Promise<OpenFile> {
  const opened = await s3SourceFiles(buckets.s3).open(file, range)
  if (opened.kind !== 'open') throw new Error(`not open, but ${opened.kind}`)
  return opened
}

test('only a file of fixed lines is one of a replay, whatever the metadata of another file says', async () => {
  const replayOf = async (key: string) => (await open(await buckets.put(OBJECT, { key, metadata: { run: 'r-1' } }))).replay
  expect([await replayOf('incoming/replays/a.json'), await replayOf('incoming/a.json')]).toEqual(['r-1', undefined])
})

describe('the body is the requested range; the size is that of the whole object', () => {
  // prettier-ignore
  test.each<[string, ByteRange | undefined, string]>([
    //  requested                       range                           the body
    [ 'no range',                       undefined,                      OBJECT ],
    [ 'everything from the start',      { start: 0 },                   OBJECT ],
    [ 'the first bytes',                { start: 0, end: 2 },           'fi' ],
    [ 'one byte',                       { start: 6, end: 7 },           's' ],
    [ 'some in the middle',             { start: 6, end: 13 },          'second\n' ],
    [ 'the rest',                       { start: 13 },                  'third' ],
    [ 'more than the rest',             { start: 13, end: 1_000 },      'third' ],
    [ 'nothing at the start',           { start: 0, end: 0 },           '' ],
    [ 'nothing in the middle',          { start: 6, end: 6 },           '' ],
    [ 'nothing at the end',             { start: 18, end: 18 },         '' ],
    [ 'what follows the end',           { start: 18 },                  '' ],
    [ 'a range that follows the end',   { start: 18, end: 20 },         '' ],
    [ 'a range beyond the end',         { start: 100, end: 200 },       '' ],
  ])('%s', async (_what, range, expected) => {
    for (const isVersioned of [false, true]) {
      const file = await buckets.put(OBJECT, { isVersioned })
      const { body, ...facts } = await open(file, range)
      expect((await buffer(body)).toString()).toBe(expected)
      expect(facts).toEqual({ kind: 'open', bytes: 18, etag: `"${file.etag}"`, lastModified: expect.any(Date) })
    }
  })

  // prettier-ignore
  test.each<[string, ByteRange | undefined]>([
    [ 'no range',       undefined ],
    [ 'everything',     { start: 0 } ],
    [ 'a range',        { start: 0, end: 2 } ],
    [ 'nothing',        { start: 0, end: 0 } ],
  ])('the body of an empty object is empty: %s', async (_what, range) => {
    const file = await buckets.put('')
    const { body, bytes, etag } = await open(file, range)
    expect(await buffer(body)).toHaveLength(0)
    expect({ bytes, etag }).toEqual({ bytes: 0, etag: `"${file.etag}"` })
  })
})

describe('exactly the object that the file names is opened, or none', () => {
  const versioned = { isVersioned: true }
  const key = 'incoming/other.json'

  // prettier-ignore
  test.each<[string, () => Promise<SourceFile>, string]>([
    //  the object                                              as the file names it                                    is
    [ 'was never there',                                        async () => ({ ...(await buckets.put('')), key }),      'gone' ],
    [ 'was deleted',                                            () => removed(buckets.put(OBJECT)),                     'gone' ],
    [ 'was replaced',                                           () => replaced(buckets.put(OBJECT)),                    'superseded' ],
    [ 'was replaced by the same bytes',                         () => replaced(buckets.put(OBJECT), OBJECT),            'open' ],
    [ 'has a newer version',                                    () => replaced(buckets.put(OBJECT, versioned)),         'open' ],
    [ 'was hidden by a delete marker',                          () => hidden(buckets.put(OBJECT, versioned)),           'open' ],
    [ 'had its version deleted',                                () => removed(buckets.put(OBJECT, versioned)),          'gone' ],
    [ 'has another ETag than the version',                      async () => ({ ...(await buckets.put(OBJECT, versioned)), etag: 'e0' }), 'superseded' ],
  ])('one that %s', async (_what, put, kind) => {
    const file = await put()
    for (const range of [undefined, { start: 0 }, { start: 6, end: 13 }, { start: 6, end: 6 }, { start: 18 }]) {
      const opened = await s3SourceFiles(buckets.s3).open(file, range)
      expect(opened.kind).toBe(kind)
      if (opened.kind === 'open') expect((await buffer(opened.body)).toString()).toBe(OBJECT.slice(range?.start, range?.end))
    }
  })

  async function removed(put: Promise<SourceFile>): Promise<SourceFile> {
    const file = await put
    await buckets.remove(file)
    return file
  }

  async function hidden(put: Promise<SourceFile>): Promise<SourceFile> {
    const { versionId: _versionId, ...latest } = await put
    await buckets.remove(latest)
    return put
  }

  async function replaced(put: Promise<SourceFile>, body = 'newer'): Promise<SourceFile> {
    const file = await put
    await buckets.put(body, { isVersioned: file.versionId !== undefined })
    return file
  }
})

const FILE: SourceFile = { bucket: 'files', key: 'incoming/a.json' }
const FACTS = { etag: '"e"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }

describe('the request to S3', () => {
  // prettier-ignore
  test.each<[string, Partial<SourceFile>, ByteRange | undefined, Record<string, unknown>]>([
    //  for                                     the file                            the range               the request
    [ 'the whole object',                       {},                                 undefined,              { method: 'GET', range: undefined, ifMatch: undefined, versionId: null } ],
    [ 'the whole object, as a range',           {},                                 { start: 0 },           { method: 'GET', range: undefined } ],
    [ 'a range',                                {},                                 { start: 3, end: 9 },   { method: 'GET', range: 'bytes=3-8' } ],
    [ 'a rest',                                 {},                                 { start: 3 },           { method: 'GET', range: 'bytes=3-' } ],
    [ 'nothing, which needs no body',           {},                                 { start: 3, end: 3 },   { method: 'HEAD', range: undefined } ],
    [ 'an ETag',                                { etag: 'e' },                      { start: 3 },           { ifMatch: '"e"', versionId: null } ],
    [ 'an ETag with quotes',                    { etag: '"e"' },                    { start: 3 },           { ifMatch: '"e"' } ],
    [ 'a version',                              { versionId: 'v' },                 { start: 3 },           { ifMatch: undefined, versionId: 'v' } ],
    [ 'a version and its ETag',                 { versionId: 'v', etag: 'e' },      { start: 3 },           { ifMatch: '"e"', versionId: 'v' } ],
    [ 'a version and its ETag, but no body',    { versionId: 'v', etag: 'e' },      { start: 3, end: 3 },   { ifMatch: '"e"', versionId: 'v' } ],
  ])('for %s', async (_what, named, range, expected) => {
    const requests: unknown[] = []
    await withStub(
      ({ method, headers, url }, response) => {
        const versionId = new URL(url ?? '', 'http://s3').searchParams.get('versionId')
        requests.push({ method, range: headers.range, ifMatch: headers['if-match'], versionId })
        const start = range?.start ?? 0
        response.writeHead(206, { ...FACTS, 'content-length': 0, 'content-range': `bytes ${start}-${start}/10` }).end()
      },
      (files) => files.open({ ...FILE, ...named }, range),
    ).catch(() => undefined)
    expect(requests).toEqual([expect.objectContaining(expected)])
  })
})

describe('errors of S3', () => {
  // prettier-ignore
  test.each<[string, number, string, unknown]>([
    //  S3 says                             status  code                        the result
    [ 'no such object',                     404,    'NoSuchKey',                { kind: 'gone' } ],
    [ 'no such version',                    404,    'NoSuchVersion',            { kind: 'gone' } ],
    [ 'the version is a delete marker',     405,    'MethodNotAllowed',         { kind: 'gone' } ],
    [ 'another object is there',            412,    'PreconditionFailed',       { kind: 'superseded' } ],
    [ 'access is denied',                   403,    'AccessDenied',             { name: 'SetupError', message: expect.stringMatching(/could not read incoming\/a\.json/) } ],
  ])('%s', async (_what, status, code, expected) => {
    for (const range of [undefined, { start: 3 }, { start: 3, end: 3 }]) {
      expect(await outcomeOf(errorWith(status, code), range)).toMatchObject(expected as object)
    }
  })

  // prettier-ignore
  test.each<[string, number, string, unknown]>([
    [ 'it is archived',              403,    'InvalidObjectState',       { kind: 'locked' } ],
    [ 'its KMS key is disabled',     400,    'KMS.DisabledException',    { name: 'SetupError' } ],
    [ 'the bucket does not exist',   404,    'NoSuchBucket',             { name: 'SetupError' } ],
    [ 'the request is invalid',      400,    'InvalidRequest',           { name: 'InvalidRequest' } ],
  ])('%s', async (_what, status, code, expected) => {
    expect(await outcomeOf(errorWith(status, code))).toMatchObject(expected as object)
  })

  function errorWith(status: number, code: string): RequestListener {
    return ({ method }, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.end(method === 'HEAD' ? undefined : `<Error><Code>${code}</Code><Message>-</Message></Error>`)
    }
  }
})

describe('a response that could not be resumed later is an error, and its body is closed', () => {
  // prettier-ignore
  test.each<[string, ByteRange, number, Record<string, string>]>([
    //  it                              requested               status  headers
    [ 'is about other bytes',           { start: 3 },           206,    { ...FACTS, 'content-range': 'bytes 0-9/10' } ],
    [ 'is the whole, not the range',    { start: 3 },           200,    { ...FACTS, 'content-length': '10' } ],
    [ 'has no size',                    { start: 0 },           200,    FACTS ],
    [ 'has no size in its range',       { start: 0, end: 3 },   206,    { ...FACTS, 'content-range': 'bytes 0-2/*', 'content-length': '3' } ],
    [ 'has no ETag',                    { start: 0 },           200,    { 'last-modified': FACTS['last-modified'], 'content-length': '10' } ],
    [ 'has no date',                    { start: 0 },           200,    { etag: '"e"', 'content-length': '10' } ],
  ])('one that %s', async (_what, range, status, headers) => {
    const closed: Promise<unknown>[] = []
    const endless = (_request: IncomingMessage, response: ServerResponse): void => {
      closed.push(new Promise((resolve) => response.once('close', resolve)))
      response.writeHead(status, headers).write('012')
    }
    expect(await outcomeOf(endless, range, () => Promise.all(closed))).toMatchObject({ name: 'Error', message: /S3 did not send the bytes/ })
    expect(closed).toHaveLength(1)
  })
})

type SourceFiles = ReturnType<typeof s3SourceFiles>

async function withStub<T>(respond: RequestListener, act: (files: SourceFiles) => Promise<T>): Promise<T> {
  await using server = await StubServer.start(respond)
  const s3 = clientFor(server.url)
  try {
    return await act(s3SourceFiles(s3))
  } finally {
    s3.destroy()
  }
}

/** The result of opening, or the error. */
function outcomeOf(
  respond: RequestListener,
  range?: ByteRange,
  afterwards: () => Promise<unknown> = () => Promise.resolve(),
): Promise<unknown> {
  return withStub(respond, async (files) => {
    const outcome = await files.open(FILE, range).catch((error: unknown) => error)
    await afterwards()
    return outcome
  })
}
