import { readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import type { Report } from '../../lambda/report/report.ts'
import { NUMBER_SETTINGS } from '../../lambda/settings/numbers.ts'
import { startFaultSink, status, TAKEN, type Behaviour, type SeenRequest } from '../support/fault-sink.ts'
import { API_KEY, eventually, Installation } from '../support/installation.ts'
import { seeded } from '../support/seeded.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const NO_TIME = '{"_p":"a","_n":"Signed Up"}'

function manyLines(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    if (index % 100 === 7) return NO_TIME
    if (index % 100 === 9) return ''
    if (index % 100 === 11) return `{"_p":"p${index}","_p2":"q${index}","_t":1393344604,"_n":"Joined"}`
    return `{"_p":"p${index}","_t":${1_393_344_604 + index},"_n":"Signed Up","plan":"pro"}`
  })
}

/** Checks that the counts of the report add up. */
function expectToAddUp({ lines }: Report, total: number): void {
  expect(lines.total).toBe(total)
  expect(lines.delivered + lines.rejected + lines.undeliverable + lines.blank).toBe(total)
}

describe('a file becomes requests, dead letters and a report', () => {
  test('one file with lines of every kind', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const report = await installation.import(
      'a.json',
      `${GOOD}\n\n${NO_TIME}\r\nno json\n{"_p":"a","_p2":"b","_t":1393344604,"plan":"pro"}`,
    )
    expect([...sink.taken.keys()].toSorted()).toEqual([
      `/a?_k=${API_KEY}&_p=a&_n=b&_t=1393344604&_d=1`,
      `/e?_k=${API_KEY}&_p=a&_n=Signed%20Up&_t=1393344604&_d=1`,
      `/s?_k=${API_KEY}&_p=a&_t=1393344604&_d=1&plan=pro`,
    ])
    expect(report).toMatchObject({
      schema: 'kissmetrics-importer/report/v1',
      state: 'complete-with-rejects',
      file: { bucket: BUCKET, key: 'incoming/a.json', bytes: expect.any(Number) as unknown },
      lines: { total: 5, delivered: 2, rejected: 2, undeliverable: 0, blank: 1 },
      commands: { record: 1, set: 1, alias: 1 },
      rejectedBy: {
        missing_timestamp: { count: 1, examples: [{ line: 3 }] },
        invalid_json: { count: 1, examples: [{ line: 4 }] },
      },
      time: { first: 1_393_344_604, last: 1_393_344_604 },
      invocations: 1,
      repeatsPossible: 0,
    })
    const deadLetters = await installation.receiveDeadLetters()
    expect(deadLetters).toMatchObject([
      {
        schema: 'kissmetrics-importer/dead-letter/v1',
        kind: 'line',
        reason: 'missing_timestamp',
        source: { bucket: BUCKET, key: 'incoming/a.json', versionId: report.file.versionId, line: 3, byteStart: 45, byteEnd: 73 },
        line: NO_TIME,
        attempts: 0,
        replays: 0,
      },
      { kind: 'line', reason: 'invalid_json', line: 'no json', source: { line: 4, byteStart: 74, byteEnd: 81 } },
    ])
  })

  // prettier-ignore
  test.each<[string, string, string | Buffer, Partial<Report['lines']>]>([
    //  what                               named            body                                            lines
    [ 'an empty file',                     'a.json',        '',                                             { total: 0 } ],
    [ 'a file of one newline',             'a.json',        '\n',                                           { total: 1, blank: 1 } ],
    [ 'no newline at the end',             'a.json',        `${GOOD}\n${GOOD}`,                             { total: 2, delivered: 2 } ],
    [ 'Windows line ends',                 'a.json',        `${GOOD}\r\n${GOOD}\r\n`,                       { total: 2, delivered: 2 } ],
    [ 'a byte order mark',                 'a.json',        `\ufeff${GOOD}\n`,                              { total: 1, delivered: 1 } ],
    [ 'gzip',                              'a.json.gz',     gzipSync(`${GOOD}\n${GOOD}\n`),                 { total: 2, delivered: 2 } ],
    [ 'gzip of several members',           'a.jsonl.gz',    Buffer.concat([gzipSync(`${GOOD}\n`), gzipSync(GOOD)]), { total: 2, delivered: 2 } ],
    [ 'gzip without .gz in its name',       'a.json',        gzipSync(GOOD),                                 { total: 1, delivered: 1 } ],
    [ 'zip',                               'a.jsonl.zip',   readFileSync('test/lambda/read/unpack/made-by-tools/pipe.zip'), { total: 2, delivered: 2 } ],
    [ 'zstd',                              'a.jsonl.zst',   zstdCompressSync(GOOD),                         { total: 1, delivered: 1 } ],
    [ 'brotli',                            'a.jsonl.br',    brotliCompressSync(GOOD),                       { total: 1, delivered: 1 } ],
    [ 'text with .gz in its name',         'a.json.gz',     GOOD,                                           { total: 1, delivered: 1 } ],
    [ 'a Unicode line separator',       'a.ndjson',      '{"_p":"a","_t":1393344604,"x":"a\u2028b"}',    { total: 1, delivered: 1 } ],
    [ 'bytes that are not UTF-8',          'a.json',        Buffer.concat([Buffer.from([0x7b, 0xff, 0x0a]), Buffer.from(GOOD)]), { total: 2, delivered: 1, rejected: 1 } ],
    [ 'a line over the limit',             'a.json',        `{"_p":"${'x'.repeat(300_000)}"}\n${GOOD}\n`,   { total: 2, delivered: 1, rejected: 1 } ],
    [ 'a name with special characters',          'd/a b+c%é.json', GOOD,                                          { total: 1, delivered: 1 } ],
  ])('%s', async (_what, name, body, lines) => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const report = await installation.import(name, body)
    expect(report.lines).toMatchObject(lines)
    expect(report.file.key).toBe(`incoming/${name}`)
    expectToAddUp(report, report.lines.total)
    expect(await installation.receiveDeadLetters()).toHaveLength(report.lines.rejected)
  })

  test('bytes that are not UTF-8 are kept in the dead letter as they were', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', Buffer.concat([Buffer.from(`${GOOD}\n`), Buffer.from([0x22, 0xff, 0xfe, 0x22])]))
    const [deadLetter] = await installation.receiveDeadLetters()
    expect(deadLetter).toMatchObject({
      reason: 'invalid_encoding',
      lineBase64: Buffer.from([0x22, 0xff, 0xfe, 0x22]).toString('base64'),
    })
    expect(deadLetter).not.toHaveProperty('line')
  })
})

const tenMegabytes = gzipSync(Buffer.alloc(10_000_000, 'x'))

test('a gzip bomb, a truncated archive and a 5 MB line are rejected with their reasons, and other files are imported', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  const [bomb, cut, longLine, good] = await Promise.all([
    installation.import('bomb.json.gz', Buffer.concat(Array.from({ length: 30 }, () => tenMegabytes))),
    installation.import('cut.json.gz', gzipSync(`${GOOD}\n`.repeat(1_000)).subarray(0, -20)),
    installation.import(
      'long-line.json',
      Buffer.concat([Buffer.from(`${GOOD}\n{"_p":"`), Buffer.alloc(5_000_000, 'x'), Buffer.from(`\n${GOOD}`)]),
    ),
    installation.import('good.json', GOOD),
  ])
  expect(bomb).toMatchObject({ state: 'failed', failure: { reason: 'object_unreadable' } })
  expect(cut).toMatchObject({ state: 'failed', failure: { reason: 'object_unreadable' } })
  expect(longLine).toMatchObject({
    lines: { total: 3, delivered: 2 },
    rejectedBy: { line_too_long: { examples: [{ line: 2 }] } },
  })
  expect(good).toMatchObject({ state: 'complete', lines: { delivered: 1 } })
})

describe('a file that is not JSON lines is rejected as a whole, with one dead letter', () => {
  // prettier-ignore
  test.each([
    //  what                          body                                                     reason
    [ 'a document on many lines',       `{"links":\n  [\n    ${GOOD},\n    ${GOOD},\n  ]\n}\n`,  'not_line_delimited_json' ],
    [ 'a list on one line',           `[${GOOD},${GOOD}]`,                                     'not_line_delimited_json' ],
    [ 'CSV',                          'email,event,time\na@b.c,Signed Up,1\nd@e.f,Paid,2\n',   'not_line_delimited_json' ],
    [ 'many lines of text',           'no JSON\n'.repeat(100_000),                           'not_line_delimited_json' ],
    [ 'a zip archive of three files', readFileSync('test/lambda/read/unpack/made-by-tools/several.zip'), 'unsupported_format' ],
    [ 'UTF-16',                       Buffer.from(`\ufeff${GOOD}\n`, 'utf16le'),               'unsupported_format' ],
  ])('%s', async (_what, body, reason) => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const report = await installation.import('a.json', body)
    expect(report).toMatchObject({ state: 'failed', failure: { reason }, lines: { total: 0 } })
    expect(await installation.receiveDeadLetters()).toMatchObject([{ kind: 'file', reason, source: { key: 'incoming/a.json' } }])
    expect(sink.seen).toEqual([])
  })

  test('truncated gzip: the lines before the cut are delivered, and the file is rejected', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const chance = seeded(7)
    const lines = Array.from({ length: 4_000 }, () => `{"_p":"p${chance()}","_t":1393344604,"x":${chance()}}`)
    const gzipped = gzipSync(lines.join('\n'))
    const report = await installation.import('a.json.gz', gzipped.subarray(0, gzipped.length / 2))
    expect(report).toMatchObject({ state: 'failed', failure: { reason: 'object_unreadable' } })
    expect(report.lines.delivered).toBeGreaterThan(0)
    expect(report.lines.delivered).toBeLessThan(2_100)
    expectToAddUp(report, sink.taken.size + report.lines.rejected)
  })
})

describe('delivered + dead-lettered + blank = lines, whatever the endpoint does', () => {
  // prettier-ignore
  const faults: readonly (readonly [string, (chance: number, request: SeenRequest) => Behaviour])[] = [
    //  the endpoint                             what it does with a request
    [ 'answers 500 to one in five',              (chance) => (chance < 0.2 ? status(500) : TAKEN) ],
    [ 'is busy for a short time',                    (chance, { attempt }) => (attempt === 1 && chance < 0.006 ? status(429, { 'retry-after': '1' }) : TAKEN) ],
    [ 'breaks one connection in twenty',         (chance) => (chance < 0.05 ? { kind: 'reset', taken: false } : TAKEN) ],
    [ 'accepts, then breaks the connection',       (chance) => (chance < 0.05 ? { kind: 'reset', taken: true } : TAKEN) ],
    [ 'breaks off its answers',                            (chance) => (chance < 0.05 ? { kind: 'half' } : TAKEN) ],
    [ 'does not speak HTTP',                         (chance) => (chance < 0.05 ? { kind: 'garbage' } : TAKEN) ],
    [ 'is sometimes slow',                    (chance) => (chance < 0.05 ? { kind: 'slow', ms: 100 } : TAKEN) ],
    [ 'never answers some requests',             (chance, { attempt }) => (attempt === 1 && chance < 0.01 ? { kind: 'stall' } : TAKEN) ],
    [ 'does all of these',                          (chance) => (chance < 0.02 ? status(500) : chance < 0.04 ? status(503) : chance < 0.06 ? { kind: 'reset', taken: true } : chance < 0.08 ? { kind: 'slow', ms: 50 } : chance < 0.09 ? { kind: 'garbage' } : TAKEN) ],
  ]

  test.each(faults)('it %s', async (_what, behave) => {
    const chance = seeded(42)
    await using sink = await startFaultSink((request) => behave(chance(), request))
    await using installation = await Installation.start(sink.url)
    const lines = manyLines(1_000)
    const report = await installation.import('a.json', `${lines.join('\n')}\n`)
    expectToAddUp(report, 1_000)
    expect(report.lines).toMatchObject({ delivered: 980, rejected: 10, undeliverable: 0, blank: 10 })
    const deadLetters = await installation.receiveDeadLetters()
    expect(deadLetters.map(({ source }) => source.line)).toEqual(
      lines.flatMap((line, index) => (line === NO_TIME ? [index + 1] : [])),
    )
    expect(sink.taken.size).toBe(980 + 10) // the lines with an alias are two requests
    expect(sink.maxInFlight).toBeLessThanOrEqual(2 * 128)
  })

  test('a file with almost only rejected lines is imported to its end', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url, { KM_HOLD_REJECTED_PERCENT: '0' })
    const report = await installation.import('a.json', [GOOD, ...Array.from({ length: 3_000 }, () => NO_TIME), GOOD].join('\n'))
    expectToAddUp(report, 3_002)
    expect(report.lines).toMatchObject({ delivered: 2, rejected: 3_000 })
  })

  test('a line that the endpoint always refuses is rejected alone, and the other lines are delivered', async () => {
    await using sink = await startFaultSink(({ target }) => (target.includes('p500&') ? status(414) : TAKEN))
    await using installation = await Installation.start(sink.url)
    const report = await installation.import('a.json', manyLines(1_000).join('\n'))
    expectToAddUp(report, 1_000)
    expect(report.lines).toMatchObject({ delivered: 979, undeliverable: 1 })
    expect(report.rejectedBy).toHaveProperty('endpoint_refused')
    const deadLetters = await installation.receiveDeadLetters()
    expect(deadLetters.find(({ reason }) => reason === 'endpoint_refused')).toMatchObject({ source: { line: 501 }, attempts: 1 })
  })

  test('all attempts of a request are byte for byte the same', async () => {
    const failsFirst = (target: string) => /_p=p\d*5&/.test(target)
    const firstFails = ({ attempt, target }: SeenRequest): Behaviour =>
      attempt === 1 && failsFirst(target) ? status(500) : TAKEN
    await using sink = await startFaultSink(firstFails)
    await using installation = await Installation.start(sink.url)
    await installation.import('a.json', manyLines(50).join('\n'))
    const requests = Map.groupBy(sink.seen, ({ method, target, body }) => `${method} ${target} ${body}`)
    expect([...requests].filter(([target]) => failsFirst(target))).toHaveLength(5)
    for (const [target, attempts] of requests) {
      expect(attempts).toHaveLength(failsFirst(target) ? 2 : 1)
      expect(target).toMatch(/&_t=\d+&_d=1/)
    }
  })
})

describe('a wrong setup stops the import at once, and nothing is lost', () => {
  // prettier-ignore
  test.each([
    //  what                     the answer
    [ 'the key is refused',   status(401) ],
    [ 'the path does not exist', status(404) ],
    [ 'the endpoint moved',            status(302, { location: 'http://127.0.0.1:9/' }) ],
    [ 'a web page answers',      status(200, { 'content-type': 'text/html' }) ],
  ])('%s', async (_what, answer) => {
    await using sink = await startFaultSink(() => answer)
    await using installation = await Installation.start(sink.url)
    const { s3 } = installation.cloud
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'incoming/a.json', Body: manyLines(1_000).join('\n') }))
    const entry = await installation.logged('setup_wrong')
    const detail = expect.stringContaining(`Check its address (${sink.url})`) as unknown
    expect(entry).toMatchObject({ level: 'error', facts: { detail } })
    expect(sink.seen.length).toBeLessThanOrEqual(NUMBER_SETTINGS.KM_MAX_IN_FLIGHT.default)
    const deadLetters = await installation.receiveDeadLetters()
    expect(deadLetters.filter(({ reason }) => reason === 'endpoint_refused')).toEqual([])
    // The message that waits is sent before the first one is deleted.
    await eventually('one message that waits', async () => ((await installation.waitingMessages()) === 1 ? true : undefined))
  })
})

test('logs and reports contain no identity, no line and no API key', async () => {
  const canary = 'canary-8f3a'
  await using sink = await startFaultSink(({ attempt }) => (attempt === 1 ? status(500) : TAKEN))
  await using installation = await Installation.start(sink.url)
  const report = await installation.import(
    'a.json',
    `{"_p":"${canary}","_t":1393344604,"_n":"${canary}"}\n{"_p":"${canary}"}\n${canary}\n{"${canary}":`,
  )
  expect(JSON.stringify(installation.entries)).not.toContain(canary)
  expect(JSON.stringify(installation.entries)).not.toContain(API_KEY)
  expect(JSON.stringify(report)).not.toContain(canary)
  expect(JSON.stringify(report)).not.toContain(API_KEY)
})
