import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startConsole } from '../../../cli/console/console.ts'
import { DeadLetterCache } from '../../../cli/console/dead-letters.ts'
import type {
  Failure,
  FixOutlook,
  DeadLetterPage,
  Overview,
  ArchivedCount,
  Replayed,
  ReplayResponse,
  Uploaded,
} from '../../../cli/console/api-types.ts'
import { localDeployment } from '../../../cli/deployment/deployment.ts'
import { countMessages } from '../../../cli/deployment/queue-depth.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { startFaultSink } from '../../support/fault-sink.ts'
import { eventually, Installation } from '../../support/installation.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const NO_TIME = '{"_p":"a","_n":"Signed Up"}'
const EARLY = '{"_p":"b","_t":1393344604000,"_n":"Paid","order":12345678901234567890}'
const FIXED = EARLY.replace('000,', ',')

let folder: string
let aheadMs = 0
beforeEach(async () => {
  aheadMs = 0
  folder = await mkdtemp(path.join(tmpdir(), 'km-console-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What a browser says with each question of the page. */
class Page implements AsyncDisposable {
  readonly sink
  readonly installation: Installation
  readonly #console
  readonly #address: string

  private constructor(
    sink: Awaited<ReturnType<typeof startFaultSink>>,
    installation: Installation,
    console: AsyncDisposable & { address: string },
  ) {
    this.sink = sink
    this.installation = installation
    this.#console = console
    this.#address = console.address
  }

  static async open(): Promise<Page> {
    const sink = await startFaultSink()
    const installation = await Installation.start(sink.url, {}, { now: () => Date.now() + aheadMs })
    return new Page(sink, installation, await startConsole(localDeployment(installation.cloud), 0))
  }

  async get<T>(what: string): Promise<T> {
    return answered(await fetch(new URL(`api/${what}`, this.#address)))
  }

  async post<T>(what: string, body: unknown): Promise<T> {
    return answered(await this.send(what, JSON.stringify(body), { 'content-type': 'application/json' }))
  }

  send(what: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const origin = new URL(this.#address).origin
    return fetch(new URL(`api/${what}`, this.#address), { method: 'POST', body, headers: { origin, ...headers } })
  }

  deadLetters(query = ''): Promise<DeadLetterPage> {
    return this.post(`rejected/refresh?${query}`, {})
  }

  dead(): Promise<number> {
    const { cloud } = this.installation
    return countMessages(cloud.sqs, cloud.deadLetterQueueUrl)
  }

  /** Until a drop has a report that is the last one. */
  finished(key: string): Promise<Report> {
    return eventually(`the last report of ${key}`, async () => {
      const { files } = await this.get<Overview>('overview')
      return files.find(({ report }) => report.file.key === key && report.state !== 'importing')?.report
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
  if (!response.ok) throw new Error(`${response.status}: ${(value as Failure).error}`)
  return value
}

describe('from a file to what became of it', () => {
  test('a file is dropped, its bad line is seen, mended, replayed, and delivered', async () => {
    await using page = await Page.open()
    const { key } = await answered<Uploaded>(await page.send('upload?name=may.jsonl', `${GOOD}\n${EARLY}\n${NO_TIME}\n`))
    expect(key).toBe('incoming/may.jsonl')
    const report = await page.finished(key)
    expect(report.lines).toEqual({ total: 3, delivered: 1, rejected: 2, undeliverable: 0, blank: 0 })
    expect(report.progress?.at(-1)).toMatchObject({ delivered: 1, notDelivered: 2 })

    const deadLetters = await page.deadLetters(`file=${key}`)
    expect(deadLetters).toMatchObject({ total: 2, matching: 2, isWhole: true, nearTheirEnd: 0 })
    expect(deadLetters.rows.map(({ lineNumber, reason, line }) => [lineNumber, reason, line])).toEqual([
      [2, 'timestamp_in_milliseconds', EARLY],
      [3, 'missing_timestamp', NO_TIME],
    ])

    const [early, noTime] = deadLetters.rows
    const replayed = await page.post<Replayed>('replay', {
      lines: [
        { id: early!.id, line: FIXED },
        { id: noTime!.id, line: NO_TIME },
      ],
    })
    expect(replayed).toMatchObject({ lines: 1, missing: 0, refused: [{ id: noTime!.id, reason: 'missing_timestamp' }] })
    expect((await page.finished(replayed.key!)).state).toBe('complete')
    expect([...page.sink.taken.keys()].join('\n')).toContain('order=12345678901234567890')
    expect(await page.deadLetters()).toMatchObject({ total: 1, rows: [{ id: noTime!.id }] })
    expect(await page.dead()).toBe(1)
  })

  test('a drop of a name that is there is imported again only when that is meant', async () => {
    await using page = await Page.open()
    await answered(await page.send('upload?name=a.json', `${GOOD}\n`))
    await expect(page.send('upload?name=a.json', `${GOOD}\n`).then(answered)).rejects.toThrow(
      /^409: There is a drop called a\.json/,
    )
    await answered(await page.send('upload?name=a.json&again=1', `${GOOD}\n`))
    await eventually('a second report', async () => ((await page.get<Overview>('overview')).total === 2 ? true : undefined))
  })

  // prettier-ignore
  test.each([
    // what                        name
    [ 'no name',                   '' ],
    [ 'a file of another kind',    'a.csv' ],
    [ 'a way out of the folder',   '../a.json' ],
    [ 'a folder',                  'x/a.json' ],
    [ 'a line end',                'a\nb.json' ],
    [ 'a name beyond measure',     `${'a'.repeat(1_000)}.json` ],
  ])('%s is no name of a drop', async (_, name) => {
    await using page = await Page.open()
    await expect(page.send(`upload?name=${encodeURIComponent(name)}`, GOOD).then(answered)).rejects.toThrow(/^422: .* is no name of a drop/)
    expect(await page.get<Overview>('overview')).toMatchObject({ total: 0, files: [] })
  })
})

describe('what came back', () => {
  test('is mended all alike: shown first, then whatever can be sent is sent, and the rest stays', async () => {
    await using page = await Page.open()
    const lines = Array.from(
      { length: 40 },
      (_, index) => `{"_p":"p${index}","_t":${index % 4 === 0 ? '13933446040000' : '1393344604000'},"_n":"Paid"}`,
    )
    await page.installation.import('many.jsonl', [...lines, GOOD].join('\n'))
    const filter = { file: 'incoming/many.jsonl', reason: 'timestamp_in_milliseconds' }
    const before = (await page.deadLetters()).total
    const question = { filter, fixes: ['ms-timestamps'] }
    const outlook = await page.post<FixOutlook>('fix', question)
    expect(outlook).toMatchObject({ deadLetters: before, changed: 30, valid: 30 })
    expect(outlook.examples[0]).toEqual({
      key: filter.file,
      lineNumber: 2,
      before: lines[1],
      after: lines[1]!.replace('000,', ','),
    })
    expect(page.sink.taken.size).toBe(1)

    const replayed = await page.post<Replayed>('replay', { isAll: true, ...question })
    expect(replayed).toMatchObject({ lines: 30, missing: 0, refused: [] })
    expect((await page.finished(replayed.key!)).lines.delivered).toBe(30)
    expect(await page.deadLetters()).toMatchObject({ total: 10 })
  })

  test('is found by drop, reason and text, a page at a time', async () => {
    await using page = await Page.open()
    const bad = Array.from({ length: 25 }, (_, index) => `{"_p":"Person ${index}","_n":"x"}`)
    await page.installation.import('one.jsonl', [GOOD, ...bad].join('\n'))
    await page.installation.import('other.jsonl', [GOOD, EARLY].join('\n'))
    const all = await page.deadLetters('limit=10')
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
    const second = await page.get<DeadLetterPage>('rejected?limit=10&offset=20')
    expect(second.rows.map(({ lineNumber }) => lineNumber)).toEqual([22, 23, 24, 25, 26, 2])
    expect(await page.get<DeadLetterPage>('rejected?text=PERSON%2012')).toMatchObject({ matching: 1, rows: [{ lineNumber: 14 }] })
    expect(await page.get<DeadLetterPage>('rejected?file=incoming/other.jsonl')).toMatchObject({
      matching: 1,
      total: 26,
      files: all.files,
    })
    // A person may look for what a database has a meaning for.
    expect(await page.get<DeadLetterPage>(`rejected?text=${encodeURIComponent("%' OR 1=1 --")}`)).toMatchObject({ matching: 0 })
  })

  test('is shown as far as it was seen, while a long queue is looked through for the first time', async () => {
    await using page = await Page.open()
    const bad = Array.from({ length: 8_000 }, (_, index) => `{"_p":"Person ${index}","_n":"x"}`)
    await page.installation.import('long.jsonl', [GOOD, ...bad].join('\n'))
    await using cache = new DeadLetterCache(localDeployment(page.installation.cloud), 0)
    const usual = { offset: 0, limit: 100, order: 'place' } as const
    const first = await cache.show({}, usual)
    expect(first).toMatchObject({ isLooking: true, isWhole: false })
    const whole = await eventually('all of them', async () => {
      const found = await cache.show({}, usual)
      return found.isLooking ? undefined : found
    })
    expect(whole).toMatchObject({ total: 8_000, isWhole: true })
    expect(whole.total).toBeGreaterThan(first.total)
  })

  test('is seen by others again, also while the page is open', async () => {
    await using page = await Page.open()
    await page.installation.import('x.jsonl', [GOOD, NO_TIME].join('\n'))
    await page.deadLetters()
    expect(await page.deadLetters()).toMatchObject({ total: 1 })
  })

  test('is looked at anew when the queue has changed', async () => {
    await using page = await Page.open()
    expect(await page.deadLetters()).toMatchObject({ total: 0 })
    await page.installation.import('x.jsonl', [GOOD, NO_TIME].join('\n'))
    await eventually('the new letter', async () => ((await page.get<DeadLetterPage>('rejected')).total === 1 ? true : undefined))
  })

  test('says what the queue will soon forget, and keeps it where nothing is forgotten', async () => {
    await using page = await Page.open()
    aheadMs = -11 * 24 * 3_600_000
    await page.installation.import('old.jsonl', [GOOD, NO_TIME].join('\n'))
    aheadMs = 0
    await page.installation.import('new.jsonl', [GOOD, NO_TIME].join('\n'))
    const deadLetters = await page.deadLetters('sort=end')
    expect(deadLetters).toMatchObject({ total: 2, nearTheirEnd: 1 })
    expect(deadLetters.rows[0]).toMatchObject({ key: 'incoming/old.jsonl', forgottenAt: deadLetters.firstForgottenAt })
    expect(await page.post<ArchivedCount>('archive', { nearTheirEnd: true })).toEqual({ archived: 1 })
    expect(await page.deadLetters()).toMatchObject({ total: 2, nearTheirEnd: 0, archived: 0 })
    expect(await page.dead()).toBe(1)
  })

  test('is put away when a person asks, and replayed from there', async () => {
    await using page = await Page.open()
    await page.installation.import('x.jsonl', [GOOD, EARLY, NO_TIME].join('\n'))
    const early = (await page.deadLetters()).rows[0]!
    expect(await page.post<ArchivedCount>('archive', { ids: [early.id] })).toEqual({ archived: 1 })
    expect(await page.deadLetters()).toMatchObject({ total: 1, archived: 1 })
    const away = await page.get<DeadLetterPage>('rejected?kept=archived')
    expect(away.rows).toMatchObject([{ id: early.id, status: 'archived', line: EARLY }])
    const replayed = await page.post<Replayed>('replay', { lines: [{ id: early.id, line: FIXED }] })
    expect((await page.finished(replayed.key!)).state).toBe('complete')
    expect(await page.deadLetters()).toMatchObject({ total: 1, archived: 0 })
  })

  test('failed work is tried again', async () => {
    await using page = await Page.open()
    const work = JSON.stringify({
      Records: [
        {
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          s3: { bucket: { name: 'local-drops' }, object: { key: 'incoming/gone.json' } },
        },
      ],
    })
    await page.installation.bury(work)
    expect(await page.deadLetters()).toMatchObject({
      total: 1,
      rows: [{ kind: 'failed-import', reason: 'import_unfinished', key: 'incoming/gone.json' }],
    })
    expect(await page.post<ReplayResponse>('send-back', {})).toEqual({ works: 1 })
    await eventually('a report of it', async () => ((await page.get<Overview>('overview')).total === 1 ? true : undefined))
    expect(await page.deadLetters()).toMatchObject({ total: 0 })
  })

  test('a line whose bytes were no text is shown, and not sent before a person wrote what was meant', async () => {
    await using page = await Page.open()
    const broken = Buffer.concat([Buffer.from('{"_p":"a","_t":1393344604,"_n":"caf'), Buffer.from([0xe9]), Buffer.from('"}')])
    await page.installation.import('latin1.jsonl', Buffer.concat([Buffer.from(`${GOOD}\n`), broken, Buffer.from('\n')]))
    const [row] = (await page.deadLetters()).rows
    expect(row).toMatchObject({ isPatched: true, line: '{"_p":"a","_t":1393344604,"_n":"caf\ufffd"}' })
    const asIs = await page.post<Replayed>('replay', { lines: [{ id: row!.id, line: row!.line }] })
    expect(asIs).toMatchObject({ lines: 0, refused: [{ reason: 'invalid_encoding' }] })
    const meant = await page.post<Replayed>('replay', { lines: [{ id: row!.id, line: row!.line!.replace('\ufffd', 'é') }] })
    expect(meant).toMatchObject({ lines: 1, refused: [] })
  })
})

describe('what is asked wrongly', () => {
  // prettier-ignore
  test.each<[string, (page: Page) => Promise<unknown>, RegExp]>([
    // what                              question                                                                       answer
    [ 'a reason that there is not',      (page) => page.get('rejected?reason=none'),                                     /^422: .*reason/ ],
    [ 'a page beyond measure',           (page) => page.get('rejected?limit=100000'),                                    /^422: .*limit/ ],
    [ 'an order that there is not',      (page) => page.get('rejected?sort=line;DROP'),                                  /^422: .*sort/ ],
    [ 'a fix that there is not',         (page) => page.post('fix', { filter: {}, fixes: ['magic'] }),                  /^400: --fix is "magic"/ ],
    [ 'no question',                     (page) => page.post('replay', {}),                                             /^422: / ],
    [ 'no JSON',                         (page) => page.send('replay', '{', { 'content-type': 'application/json' }).then(answered), /^400: The question is no JSON/ ],
    [ 'a form, as any page can send it', (page) => page.send('replay', '{}', { 'content-type': 'text/plain' }).then(answered), /^415: / ],
    [ 'a report elsewhere',              (page) => page.get('report?id=incoming/x.json'),                                 /^404: / ],
    [ 'a drop that there is not',        (page) => page.get('report?id=reports/x/report.json'),                           /^404: / ],
    [ 'nothing that there is',           (page) => page.get('secrets'),                                                 /^404: / ],
  ])('%s is told in words', async (_, ask, answer) => {
    await using page = await Page.open()
    await expect(ask(page)).rejects.toThrow(answer)
  })

  test('what S3 or SQS refuses is told, and the console goes on', async () => {
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
