import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ChangeMessageVisibilityCommand, ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs'
import { describe, expect, test } from '@jest/globals'
import { startConsole } from '../../../cli/console/console.ts'
import type { PersonMessage } from '../../../cli/console/person/person-result.ts'
import { DeadLetterCache } from '../../../cli/console/dead-letter-cache.ts'
import type {
  ArchiveResult,
  DecideResult,
  DiscardResult,
  ErrorResponse,
  FixPreview,
  Overview,
  RejectedPage,
  ReplayResult,
  RetryResult,
  RuleTrial,
  UploadResult,
} from '../../../cli/console/api-types.ts'
import type { FixSuggestions } from '../../../cli/console/suggestions/fix-trial.ts'
import { localDeployment } from '../../../cli/deployment/deployment.ts'
import { countMessages } from '../../../cli/deployment/queue-depth.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN } from '../../support/fault-sink.ts'
import { eventually, Installation } from '../../support/installation.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const NO_TIME = '{"_p":"a","_n":"Signed Up"}'
const MILLISECONDS = '{"_p":"b","_t":1393344604000,"_n":"Paid","order":12345678901234567890}'
const FIXED = MILLISECONDS.replace('000,', ',')

/** A client that sends the same headers as the page in a browser. */
class Page implements AsyncDisposable {
  readonly sink
  readonly installation: Installation
  /** How far the clock of the queues is ahead. */
  readonly clock: { aheadMs: number }
  readonly #console
  readonly #address: string

  private constructor(
    sink: Awaited<ReturnType<typeof startFaultSink>>,
    installation: Installation,
    clock: { aheadMs: number },
    console: AsyncDisposable & { address: string },
  ) {
    this.clock = clock
    this.sink = sink
    this.installation = installation
    this.#console = console
    this.#address = console.address
  }

  static async open(answer?: Parameters<typeof startFaultSink>[0]): Promise<Page> {
    const sink = await startFaultSink(answer)
    const clock = { aheadMs: 0 }
    // Some of the files of these tests have rejected lines only.
    const installation = await Installation.start(
      sink.url,
      { KM_HOLD_REJECTED_PERCENT: '0' },
      { now: () => Date.now() + clock.aheadMs },
    )
    return new Page(
      sink,
      installation,
      clock,
      await startConsole(
        { ...localDeployment(installation.cloud), deadLettersExpire: true, deploymentOptions: ' --stack Prod' },
        0,
      ),
    )
  }

  async get<T>(path: string): Promise<T> {
    return answered(await fetch(new URL(`api/${path}`, this.#address)))
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return answered(await this.send(path, JSON.stringify(body), { 'content-type': 'application/json' }))
  }

  send(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const origin = new URL(this.#address).origin
    return fetch(new URL(`api/${path}`, this.#address), { method: 'POST', body, headers: { origin, ...headers } })
  }

  /** Reads the queue again. */
  rejected(query = ''): Promise<RejectedPage> {
    return this.post(`rejected/refresh?${query}`, {})
  }

  deadLetterCount(): Promise<number> {
    const { cloud } = this.installation
    return countMessages(cloud.sqs, cloud.deadLetterQueueUrl)
  }

  /** The final report of a file. */
  finished(key: string): Promise<Report> {
    return eventually(`the final report of ${key}`, async () => {
      const { imports } = await this.get<Overview>('overview')
      return imports.find(({ report }) => report.file.key === key && report.state !== 'importing')?.report
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#console[Symbol.asyncDispose]()
    await this.installation[Symbol.asyncDispose]()
    await this.sink[Symbol.asyncDispose]()
  }
}

async function answered<T>(response: Response): Promise<T> {
  const value = (await response.json()) as T
  if (!response.ok) throw new Error(`${response.status}: ${(value as ErrorResponse).error}`)
  return value
}

describe('an uploaded file', () => {
  test('is imported; its rejected line is listed, fixed, replayed and delivered', async () => {
    await using page = await Page.open()
    const { key } = await answered<UploadResult>(
      await page.send('upload?name=may.jsonl', `${GOOD}\n${MILLISECONDS}\n${NO_TIME}\n`),
    )
    expect(key).toBe('incoming/may.jsonl')
    const report = await page.finished(key)
    expect(report.lines).toEqual({ total: 3, delivered: 1, rejected: 2, undeliverable: 0, blank: 0 })
    expect(report.progress?.at(-1)).toMatchObject({ delivered: 1, notDelivered: 2 })

    const rejected = await page.rejected(`file=${key}`)
    expect(rejected).toMatchObject({ total: 2, matching: 2, isComplete: true, expiringSoon: 0 })
    expect(rejected.rows.map(({ lineNumber, reason, line }) => [lineNumber, reason, line])).toEqual([
      [2, 'timestamp_in_milliseconds', MILLISECONDS],
      [3, 'missing_timestamp', NO_TIME],
    ])

    const [milliseconds, noTime] = rejected.rows
    const replayed = await page.post<ReplayResult>('replay', {
      lines: [
        { id: milliseconds!.id, line: FIXED },
        { id: noTime!.id, line: NO_TIME },
      ],
    })
    expect(replayed).toMatchObject({ lines: 1, missing: 0, refused: [{ id: noTime!.id, reason: 'missing_timestamp' }] })
    expect((await page.finished(replayed.key!)).state).toBe('complete')
    expect([...page.sink.taken.keys()].join('\n')).toContain('order=12345678901234567890')
    expect(await page.rejected()).toMatchObject({ total: 1, rows: [{ id: noTime!.id }] })
    expect(await page.deadLetterCount()).toBe(1)
  })

  test('that is held shows why, and is released by the user; after that it cannot be discarded', async () => {
    await using page = await Page.open()
    const merges = Array.from({ length: 20 }, (_, n) => `{"_p":"p${n}","_p2":"all","_t":1393344604}`).join('\n')
    await answered<UploadResult>(await page.send('upload?name=all.jsonl', merges))
    const held = await page.finished('incoming/all.jsonl')
    expect(held).toMatchObject({ state: 'held', hold: { rules: [{ rule: 'merged_people' }] } })
    const { imports } = await page.get<Overview>('overview')
    const id = imports[0]!.id
    expect(await page.post<DecideResult>('decide', { id, decision: 'released' })).toEqual({
      decision: 'released',
      wasDecidedBefore: false,
    })
    await eventually('the import', async () =>
      (await page.get<Report>(`report?id=${id}`)).state === 'complete' ? true : undefined,
    )
    expect(page.sink.taken.size).toBe(20)
    await expect(page.post('decide', { id, decision: 'discarded' })).rejects.toThrow(/^409: .* cannot be discarded any more\./)
  })

  test('with the name of an earlier file is imported only if the user confirms', async () => {
    await using page = await Page.open()
    await answered(await page.send('upload?name=a.json', `${GOOD}\n`))
    await expect(page.send('upload?name=a.json', `${GOOD}\n`).then(answered)).rejects.toThrow(
      /^409: A file named a\.json already exists\./,
    )
    await answered(await page.send('upload?name=a.json&again=1', `${GOOD}\n`))
    await eventually('a second report', async () => ((await page.get<Overview>('overview')).total === 2 ? true : undefined))
  })

  // prettier-ignore
  test.each([
    // what                        name
    [ 'no name',                   '' ],
    [ 'another suffix',            'a.txt' ],
    [ 'a parent folder',           '../a.json' ],
    [ 'a folder',                  'x/a.json' ],
    [ 'a line break',              'a\nb.json' ],
    [ 'a very long name',          `${'a'.repeat(1_000)}.json` ],
  ])('with %s is refused', async (_, name) => {
    await using page = await Page.open()
    await expect(page.send(`upload?name=${encodeURIComponent(name)}`, GOOD).then(answered)).rejects.toThrow(/^422: .* is not a valid file name\./)
    expect(await page.get<Overview>('overview')).toMatchObject({ deploymentOptions: ' --stack Prod', total: 0, imports: [] })
  })
})

describe('a person', () => {
  const ANNA = 'anna@example.com'
  const [SENT, REFUSED] = [`{"_p":"${ANNA}","_t":1393344604,"_n":"Signed Up"}`, `{"_p":"${ANNA}","_t":1393344605,"_n":"Refused"}`]
  const lines = [
    GOOD, SENT, REFUSED, SENT.replace(ANNA, 'Anna@Example.com '), SENT.slice(0, -1), NO_TIME.replace('"a"', `"${ANNA}"`),
    `{"_p":"ann-7","_p2":"${ANNA}","_t":1393344606}`, GOOD.replace('"a"', `"a","note":"${ANNA}"`),
  ] // prettier-ignore

  test('is found in a line that was rejected for nothing but its length', async () => {
    await using page = await Page.open()
    const long = SENT.replace(',', `,${' '.repeat(300_000)}`)
    await page.installation.import('long.jsonl', [GOOD, long, SENT].join('\n'))
    const { imports } = await page.get<Overview>('overview')
    const answer = await page.send('find-person', JSON.stringify({ id: imports[0]!.id, identity: ANNA }), {
      'content-type': 'application/json',
    })
    expect(JSON.parse(await answer.text())).toMatchObject({
      result: {
        counts: { delivered: 1, rejected: 1 },
        lines: [
          { line: 2, state: 'rejected', reason: 'line_too_long' },
          { line: 3, state: 'delivered' },
        ],
      },
    })
  })

  test('is found in each line of a file, with how the line ended, and after the file is gone in its rejected lines', async () => {
    await using page = await Page.open(({ target }) => (target.includes('Refused') ? status(413) : TAKEN))
    const { cloud } = page.installation
    const { file } = await page.installation.import('people.jsonl', lines.join('\n'))
    const { imports } = await page.get<Overview>('overview')
    const find = async (identity: string): Promise<readonly PersonMessage[]> => {
      const response = await page.send('find-person', JSON.stringify({ id: imports[0]!.id, identity }), {
        'content-type': 'application/json',
      })
      expect(response.status).toBe(200)
      return (await response.text())
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as PersonMessage)
    }
    const found = [
      { line: 2, state: 'delivered' },
      { line: 3, state: 'undeliverable' },
      { line: 4, state: 'delivered' },
      { line: 5, state: 'rejected', reason: 'invalid_json' },
      { line: 6, state: 'rejected', reason: 'missing_timestamp' },
      { line: 7, state: 'delivered' },
    ]
    const result = (counts: object, of: readonly object[]) => [
      { kind: 'result', result: { source: 'file', searched: 8, counts, lines: of } },
    ]
    expect(await find(ANNA)).toEqual(result({ delivered: 3, undeliverable: 1, rejected: 2 }, found))
    expect(await find(' ANNA@example.com')).toEqual(result({ delivered: 3, undeliverable: 1, rejected: 2 }, found))
    expect(await find('anna')).toEqual(result({ rejected: 1 }, found.slice(3, 4))) // part of a line that is not JSON

    const { rows } = await page.rejected()
    await page.post('discard', { ids: rows.filter(({ lineNumber }) => lineNumber === 6).map(({ id }) => id) })
    await page.post('replay', { lines: rows.filter(({ lineNumber }) => lineNumber === 5).map(({ id }) => ({ id, line: SENT })) })
    await eventually('the closed lines', async () => {
      const { report } = (await page.get<Overview>('overview')).imports.find(({ id }) => id === imports[0]!.id)!
      return report.rejects?.open === 1 ? true : undefined
    })
    expect(await find(ANNA)).toMatchObject([{ result: { counts: { delivered: 3, undeliverable: 1, fixed: 1, discarded: 1 } } }])

    await cloud.s3.send(new DeleteObjectCommand({ Bucket: file.bucket, Key: file.key, VersionId: file.versionId }))
    await page.rejected()
    expect(await find(ANNA)).toMatchObject([
      {
        result: { source: 'dead-letters', searched: 1, lines: [{ line: 3, state: 'undeliverable', reason: 'endpoint_refused' }] },
      },
    ])
    expect(JSON.stringify(page.installation.entries)).not.toContain(ANNA)
  })
})

describe('rejected lines', () => {
  test('are fixed all the same way: after a preview, the valid ones are sent and the others stay', async () => {
    await using page = await Page.open()
    const lines = Array.from(
      { length: 40 },
      (_, index) => `{"_p":"p${index}","_t":${index % 4 === 0 ? '13933446040000' : '1393344604000'},"_n":"Paid"}`,
    )
    await page.installation.import('many.jsonl', [...lines, GOOD].join('\n'))
    const filter = { file: 'incoming/many.jsonl', reason: 'timestamp_in_milliseconds' }
    const before = (await page.rejected()).total
    const suggestions = (fixes: readonly string[]) => page.post<FixSuggestions>('fix-suggestions', { filter, fixes })
    expect(await suggestions([])).toEqual({ open: before, suggestions: [{ fixes: ['ms-timestamps'], count: 30 }] })
    expect(await suggestions(['ms-timestamps'])).toEqual({ open: 10, suggestions: [] })
    const request = { filter, fixes: ['ms-timestamps'] }
    const preview = await page.post<FixPreview>('fix-preview', request)
    expect(preview).toMatchObject({ deadLetters: before, changed: 30, valid: 30 })
    expect(preview.examples[0]).toEqual({
      key: filter.file,
      lineNumber: 2,
      before: lines[1],
      after: lines[1]!.replace('000,', ','),
    })
    expect(page.sink.taken.size).toBe(1)

    const replayed = await page.post<ReplayResult>('replay', { isAll: true, ...request })
    expect(replayed).toMatchObject({ lines: 30, missing: 0, refused: [] })
    expect((await page.finished(replayed.key!)).lines.delivered).toBe(30)
    expect(await page.rejected()).toMatchObject({ total: 10 })
  })

  test('are fixed in each later file of their prefix, if the user saves the fix as a rule', async () => {
    await using page = await Page.open()
    const daily = (day: number) => [GOOD, MILLISECONDS.replace('"b"', `"b${day}"`)].join('\n')
    for (const day of [1, 2]) await page.installation.import(`daily/${day}.jsonl`, daily(day))
    await page.rejected()
    const fixes = ['ms-timestamps']
    const { prefix } = await page.post<FixPreview>('fix-preview', { filter: {}, fixes })
    expect(prefix).toBe('incoming/daily/')
    const request = { prefix, fixes }
    const shown = { files: 2, lines: 4, rejectedBefore: 2, rejectedAfter: 0, unchanged: 2, validChanged: 0, lost: [] }
    expect(await page.post<RuleTrial>('rule-trial', request)).toMatchObject(shown)
    await page.installation.import('daily/3.jsonl', daily(3))
    expect((await page.rejected()).total).toBe(3) // a trial saves nothing

    // prettier-ignore
    for (const [given, refusal] of [
      [ { prefix, fixes: [] },                             /^422: The request is not valid \(fixes\)/ ],
      [ { prefix, fixes: ['guess'] },                      /^400: There is no rule "guess"/ ],
      [ { prefix: 'exports/', fixes },                     /^400: The prefix is "exports\/"/ ],
      [ { prefix: 'incoming/replays/', fixes },            /^400: Files of fixed lines have the rules of the files that the lines come from/ ],
    ] as const) await expect(page.post('rules', given)).rejects.toThrow(refusal)

    expect(await page.post<RuleTrial>('rules', request)).toMatchObject({
      ...shown,
      files: 3,
      lines: 6,
      rejectedBefore: 3,
      unchanged: 3,
    })
    expect(await page.installation.import('daily/4.jsonl', daily(4))).toMatchObject({
      state: 'complete',
      fixedBy: { 'ms-timestamps': 1 },
    })
    await expect(page.post('rules', request)).rejects.toThrow(/^400: .* contradict each other: they are the same/)

    // A line that is fixed by hand is validated with the rules too: it is sent in the form of the other lines of its file.
    await page.installation.import('daily/5.jsonl', [GOOD, NO_TIME].join('\n'))
    const [noTime] = (await page.rejected('file=incoming/daily/5.jsonl')).rows
    expect(noTime).toMatchObject({ line: NO_TIME, rules: [{ fix: 'ms-timestamps' }] })
    const filter = { file: 'incoming/daily/5.jsonl' }
    expect(await page.post<FixPreview>('fix-preview', { filter, fixes: ['default:_t=1393344604000'] })).toMatchObject({
      valid: 1,
    })
    const lines = [{ id: noTime!.id, line: MILLISECONDS.replace('"b"', '"by hand"') }]
    const replayed = await page.post<ReplayResult>('replay', { lines })
    expect(replayed).toMatchObject({ lines: 1, refused: [] })
    expect((await page.finished(replayed.key!)).lines.delivered).toBe(1)

    // Rules of a longer prefix replace those of a shorter one, which may be about all lines.
    expect(await page.post<RuleTrial>('rules', { prefix: 'incoming/', fixes: ['hash:_p'] })).toMatchObject({
      files: 0, // those of a longer prefix have its rules
    })
    await page.installation.import('weekly/1.jsonl', daily(1))
    await expect(page.post('rules', { prefix: 'incoming/weekly/', fixes })).rejects.toThrow(
      '409: It is not saved: the rules of a shorter prefix would no longer apply, and 1 valid line of the last files would become another one. To have both, run: npx km-import rules add incoming/weekly/ hash:_p ms-timestamps --stack Prod',
    )
  })

  test('are found by file, reason and text, one page at a time', async () => {
    await using page = await Page.open()
    const bad = Array.from({ length: 25 }, (_, index) => `{"_p":"Person ${index}","_n":"x"}`)
    await page.installation.import('one.jsonl', [GOOD, ...bad].join('\n'))
    await page.installation.import('other.jsonl', [GOOD, MILLISECONDS].join('\n'))
    const all = await page.rejected('limit=10')
    expect(all).toMatchObject({
      total: 26,
      matching: 26,
      reasons: [
        { reason: 'missing_timestamp', count: 25 },
        { reason: 'timestamp_in_milliseconds', count: 1 },
      ],
      files: [
        { key: 'incoming/one.jsonl', count: 25 },
        { key: 'incoming/other.jsonl', count: 1 },
      ],
    })
    expect(all.rows.map(({ lineNumber }) => lineNumber)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    const second = await page.get<RejectedPage>('rejected?limit=10&offset=20')
    expect(second.rows.map(({ lineNumber }) => lineNumber)).toEqual([22, 23, 24, 25, 26, 2])
    expect(await page.get<RejectedPage>('rejected?text=PERSON%2012')).toMatchObject({ matching: 1, rows: [{ lineNumber: 14 }] })
    expect(await page.get<RejectedPage>('rejected?file=incoming/other.jsonl')).toMatchObject({
      matching: 1,
      total: 26,
      files: all.files,
    })
    // The text is a value, never a part of the SQL.
    expect(await page.get<RejectedPage>(`rejected?text=${encodeURIComponent("%' OR 1=1 --")}`)).toMatchObject({ matching: 0 })
  })

  test('are shown as far as they were read, during the first read of a long queue', async () => {
    await using page = await Page.open()
    const bad = Array.from({ length: 2_000 }, (_, index) => `{"_p":"Person ${index}","_n":"x"}`)
    await page.installation.import('long.jsonl', [GOOD, ...bad].join('\n'))
    await using cache = new DeadLetterCache(localDeployment(page.installation.cloud), { firstReadPatienceMs: 0 })
    const firstPage = { offset: 0, limit: 100, order: 'file' } as const
    const first = await cache.page({}, firstPage)
    expect(first).toMatchObject({ isRefreshing: true, isComplete: false })
    expect(first.rows).not.toEqual([])
    const complete = await eventually('all of them', async () => {
      const found = await cache.page({}, firstPage)
      return found.isRefreshing ? undefined : found
    })
    expect(complete).toMatchObject({ total: 2_000, isComplete: true })
  })

  test('that others are reading are counted, and shown as soon as they are released', async () => {
    await using page = await Page.open()
    await page.installation.import('x.jsonl', [GOOD, NO_TIME, MILLISECONDS].join('\n'))
    const { sqs, deadLetterQueueUrl: QueueUrl } = page.installation.cloud
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1 }))
    await using cache = new DeadLetterCache(localDeployment(page.installation.cloud), { minRestMs: 0, inUseRestMs: 0 })
    const firstPage = { offset: 0, limit: 100, order: 'file' } as const
    expect(await cache.page({}, firstPage)).toMatchObject({ total: 1, inUse: 1, isComplete: false })
    const [{ ReceiptHandle }] = Messages as [Message]
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }))
    const all = await eventually('both', async () => {
      const found = await cache.page({}, firstPage)
      return found.total === 2 ? found : undefined
    })
    expect(all).toMatchObject({ inUse: 0, isComplete: true })
  })

  test('stay visible to other readers while the page is open', async () => {
    await using page = await Page.open()
    await page.installation.import('x.jsonl', [GOOD, NO_TIME].join('\n'))
    await page.rejected()
    expect(await page.rejected()).toMatchObject({ total: 1 })
  })

  test('are read again when the queue has changed', async () => {
    await using page = await Page.open()
    expect(await page.rejected()).toMatchObject({ total: 0 })
    await page.installation.import('x.jsonl', [GOOD, NO_TIME].join('\n'))
    await eventually('the new dead letter', async () =>
      (await page.get<RejectedPage>('rejected')).total === 1 ? true : undefined,
    )
  })

  test('that expire soon are counted, and can be kept', async () => {
    await using page = await Page.open()
    page.clock.aheadMs = -11 * 24 * 3_600_000
    await page.installation.import('old.jsonl', [GOOD, NO_TIME].join('\n'))
    page.clock.aheadMs = 0
    await page.installation.import('new.jsonl', [GOOD, NO_TIME].join('\n'))
    const rejected = await page.rejected('sort=expiry')
    expect(rejected).toMatchObject({ total: 2, expiringSoon: 1 })
    expect(rejected.rows[0]).toMatchObject({ key: 'incoming/old.jsonl', expiresAt: rejected.firstExpiresAt })
    expect(await page.post<ArchiveResult>('archive', { expiringSoon: true })).toEqual({ archived: 1 })
    expect(await page.rejected()).toMatchObject({ total: 2, expiringSoon: 0, archived: 0 })
    expect(await page.deadLetterCount()).toBe(1)
  })

  test('are archived when the user asks, and replayed from the archive', async () => {
    await using page = await Page.open()
    await page.installation.import('x.jsonl', [GOOD, MILLISECONDS, NO_TIME].join('\n'))
    const milliseconds = (await page.rejected()).rows[0]!
    expect(await page.post<ArchiveResult>('archive', { ids: [milliseconds.id] })).toEqual({ archived: 1 })
    expect(await page.rejected()).toMatchObject({ total: 1, archived: 1 })
    const archived = await page.get<RejectedPage>('rejected?status=archived')
    expect(archived.rows).toMatchObject([{ id: milliseconds.id, status: 'archived', line: MILLISECONDS }])
    const replayed = await page.post<ReplayResult>('replay', { lines: [{ id: milliseconds.id, line: FIXED }] })
    expect((await page.finished(replayed.key!)).state).toBe('complete')
    expect(await page.rejected()).toMatchObject({ total: 1, archived: 0 })
  })

  test('are discarded when the user asks, and their import no longer counts them as open', async () => {
    await using page = await Page.open()
    await page.installation.import('x.jsonl', [GOOD, MILLISECONDS, NO_TIME].join('\n'))
    const milliseconds = (await page.rejected()).rows[0]!
    expect(await page.post<DiscardResult>('discard', { ids: [milliseconds.id] })).toEqual({ discarded: 1, missing: 0 })
    const { imports } = await page.get<Overview>('overview')
    expect(imports[0]?.report).toMatchObject({ state: 'complete-with-rejects', rejects: { open: 1, discarded: 1 } })
    expect(await page.post<DiscardResult>('discard', { filter: { reason: 'missing_timestamp' } })).toEqual({
      discarded: 1,
      missing: 0,
    })
    const after = await page.get<Overview>('overview')
    expect(after.imports[0]?.report).toMatchObject({ state: 'complete-after-fixing', rejects: { open: 0, discarded: 2 } })
    expect(await page.rejected()).toMatchObject({ total: 0, archived: 0 })
  })

  test('do not include failed imports: those are retried', async () => {
    await using page = await Page.open()
    const message = JSON.stringify({
      Records: [
        {
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          s3: { bucket: { name: 'local-files' }, object: { key: 'incoming/gone.json' } },
        },
      ],
    })
    await page.installation.putIntoDeadLetterQueue(message)
    expect(await page.rejected()).toMatchObject({
      total: 1,
      rows: [{ kind: 'failed-import', reason: 'import_unfinished', key: 'incoming/gone.json' }],
    })
    expect(await page.post<RetryResult>('retry', {})).toEqual({ imports: 1 })
    await eventually('its report', async () => ((await page.get<Overview>('overview')).total === 1 ? true : undefined))
    expect(await page.rejected()).toMatchObject({ total: 0 })
  })

  test('that are not valid UTF-8 are sent only after the user has replaced the unreadable characters', async () => {
    await using page = await Page.open()
    const broken = Buffer.concat([Buffer.from('{"_p":"a","_t":1393344604,"_n":"caf'), Buffer.from([0xe9]), Buffer.from('"}')])
    await page.installation.import('latin1.jsonl', Buffer.concat([Buffer.from(`${GOOD}\n`), broken, Buffer.from('\n')]))
    const [row] = (await page.rejected()).rows
    expect(row).toMatchObject({ hasInvalidBytes: true, line: '{"_p":"a","_t":1393344604,"_n":"caf\ufffd"}' })
    const unchanged = await page.post<ReplayResult>('replay', { lines: [{ id: row!.id, line: row!.line }] })
    expect(unchanged).toMatchObject({ lines: 0, refused: [{ reason: 'invalid_encoding' }] })
    const replaced = await page.post<ReplayResult>('replay', {
      lines: [{ id: row!.id, line: row!.line!.replace('\ufffd', 'é') }],
    })
    expect(replaced).toMatchObject({ lines: 1, refused: [] })
  })
})

describe('a request that is not valid', () => {
  // prettier-ignore
  test.each<[string, (page: Page) => Promise<unknown>, RegExp]>([
    // request                           send                                                                           answer
    [ 'an unknown reason',               (page) => page.get('rejected?reason=none'),                                     /^422: .*reason/ ],
    [ 'a page that is too large',        (page) => page.get('rejected?limit=100000'),                                    /^422: .*limit/ ],
    [ 'an unknown order',                (page) => page.get('rejected?sort=line;DROP'),                                  /^422: .*sort/ ],
    [ 'an unknown fix',                  (page) => page.post('fix-preview', { filter: {}, fixes: ['magic'] }),                  /^400: --fix is "magic"/ ],
    [ 'an empty object',                 (page) => page.post('replay', {}),                                             /^422: / ],
    [ 'broken JSON',                     (page) => page.send('replay', '{', { 'content-type': 'application/json' }).then(answered), /^400: The request is not valid JSON/ ],
    [ 'a form, as any site can send it', (page) => page.send('replay', '{}', { 'content-type': 'text/plain' }).then(answered), /^415: / ],
    [ 'a key that is not a report',      (page) => page.get('report?id=incoming/x.json'),                                 /^404: / ],
    [ 'a report that does not exist',    (page) => page.get('report?id=reports/x/report.json'),                           /^404: / ],
    [ 'an unknown address',              (page) => page.get('secrets'),                                                 /^404: / ],
  ])('is answered with what is wrong: %s', async (_, send, answer) => {
    await using page = await Page.open()
    await expect(send(page)).rejects.toThrow(answer)
  })

  test('an error of S3 or SQS is shown, and the console keeps running', async () => {
    await using page = await Page.open()
    const { cloud } = page.installation
    const nowhere = new S3Client({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1 })
    await using lost = await startConsole({ ...localDeployment(cloud), s3: nowhere, bucket: 'none' }, 0)
    for (let time = 1; time <= 2; time += 1) {
      const answer = await fetch(new URL('api/overview', lost.address))
      expect(answer.status).toBe(502)
      expect(await answer.json()).toEqual({
        error: expect.stringMatching(/^A request to S3 or SQS failed \(.*ECONNREFUSED/) as unknown,
      })
    }
  })
})
