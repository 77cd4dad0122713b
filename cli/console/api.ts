import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import * as v from 'valibot'
import { withoutPause, withPause } from '../../lambda/control/brake.ts'
import { REPORTS_PREFIX } from '../../lambda/keys.ts'
import { REASONS } from '../../lambda/reasons.ts'
import { isFinal, type Report } from '../../lambda/report/report.ts'
import { changeBrake, currentBrake } from '../control/brake-document.ts'
import { orderCancellation } from '../control/order-cancellation.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { queueDepths } from '../deployment/queue-depth.ts'
import { ReportCache } from '../deployment/report-cache.ts'
import { archiveDeadLetters } from '../rejects/archive-dead-letters.ts'
import { MESSAGE_REASONS, type DeadLetterReason } from '../rejects/content.ts'
import { discardLines } from '../rejects/discard-lines.ts'
import { replayLines } from '../rejects/replay-lines.ts'
import { requeueFailedImports } from '../rejects/requeue-failed-imports.ts'
import { decideOnDeployment, refusalText } from '../safety/decide.ts'
import type {
  ArchiveRequest,
  ArchiveResult,
  CancelRequest,
  DecideResult,
  DiscardResult,
  FixPreview,
  Overview,
  PauseRequest,
  RejectedFilter,
  RejectedPage,
  ReplayResult,
  RetryResult,
} from './api-types.ts'
import type { FixSuggestions } from './suggestions/fix-trial.ts'
import { checkContext } from './check-context.ts'
import { DeadLetterCache } from './dead-letter-cache.ts'
import { keyEndingSource } from './key-ending.ts'
import { fixedLines, previewFixes, validateLines } from './line-fixes.ts'
import { namedReport } from './named-report.ts'
import { personMessages } from './person/find-person.ts'
import { reachabilityOf } from './reachability.ts'
import { ruleSchema, saveRule, tryRule } from './prefix-rules.ts'
import { DOWNLOAD_TYPES, downloadName, downloadParts } from './rejected-download.ts'
import { tryFixes } from './try-fixes.ts'
import { Download, RequestError, Streamed, type ApiHandler, type ApiRequest } from './server.ts'
import { upload } from './upload.ts'

const MAX_IMPORTS = 200
const MAX_ROWS = 500
/** For all lines that a user edits at the same time, with room for JSON escapes. */
const MAX_BODY_BYTES = 64 * 1024 ** 2

const REASON_CODES = [...Object.keys(REASONS), ...Object.keys(MESSAGE_REASONS)] as DeadLetterReason[]

const filterSchema = v.object({
  file: v.exactOptional(v.string()),
  reason: v.exactOptional(v.picklist(REASON_CODES)),
  text: v.exactOptional(v.string()),
  status: v.exactOptional(v.picklist(['archived', 'quarantined'])),
})
const fixSchema = v.object({ filter: filterSchema, fixes: v.array(v.string()) })
const replaySchema = v.union([
  v.object({ isAll: v.literal(true), ...fixSchema.entries }),
  v.object({ lines: v.array(v.object({ id: v.string(), line: v.string() })) }),
])
const decideSchema = v.object({ id: v.string(), decision: v.picklist(['released', 'discarded']) })
const archiveSchema = v.union([
  v.object({ ids: v.array(v.string()) }),
  v.object({ filter: filterSchema }),
  v.object({ expiringSoon: v.literal(true) }),
])
const discardSchema = v.union([v.object({ ids: v.array(v.string()) }), v.object({ filter: filterSchema })])
const wholeNumber = (max: number) => v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number), v.maxValue(max))
const pauseSchema = v.object({ isPaused: v.boolean() })
const personSchema = v.object({ id: v.string(), identity: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(1_000)) })
const cancelSchema = v.object({ id: v.string() })
const formatSchema = v.object({ format: v.picklist(['jsonl', 'csv']) })
const rangeSchema = v.object({
  offset: v.optional(wholeNumber(999_999_999), '0'),
  limit: v.optional(wholeNumber(MAX_ROWS), '100'),
  sort: v.optional(v.picklist(['file', 'expiry']), 'file'),
})

/** The API of the page, for one deployment. api-types.ts lists the routes. */
export class ConsoleApi implements AsyncDisposable {
  readonly #deployment: Deployment
  readonly #reports: ReportCache
  readonly #deadLetters: DeadLetterCache
  readonly #keyEnding: () => Promise<string | undefined>
  readonly #unreachable: () => string | undefined
  readonly #routes: Readonly<Record<string, ApiHandler>>

  constructor(deployment: Deployment) {
    this.#deployment = deployment
    this.#reports = new ReportCache(deployment)
    this.#deadLetters = new DeadLetterCache(deployment)
    this.#keyEnding = keyEndingSource(deployment)
    this.#unreachable = reachabilityOf(deployment)
    this.#routes = {
      'GET /overview': ({ query }) => this.#overview(query),
      'GET /report': async ({ query }) => namedReport(await this.#report(query.get('id') ?? ''), deployment),
      'GET /check-context': ({ query }) => checkContext(deployment, query.get('name') ?? ''),
      'POST /upload': (request) => upload(deployment, request),
      'GET /rejected': ({ query }) => this.#rejected(query),
      'GET /rejected/download': ({ query }) => this.#download(query),
      'POST /rejected/refresh': async ({ query }) => {
        await this.#deadLetters.refresh()
        return this.#rejected(query)
      },
      'POST /fix-preview': (request) => this.#fixPreview(request),
      'POST /fix-suggestions': (request) => this.#fixSuggestions(request),
      'POST /find-person': (request) => this.#findPerson(request),
      'POST /replay': (request) => this.#replay(request),
      'POST /retry': (request) => this.#retry(request),
      'POST /decide': (request) => this.#decide(request),
      'POST /archive': (request) => this.#archive(request),
      'POST /pause': (request) => this.#pause(request),
      'POST /cancel': (request) => this.#cancel(request),
      'POST /discard': (request) => this.#discard(request),
      'POST /rule-trial': async ({ request }) => tryRule(deployment, parsed(ruleSchema, await bodyOf(request))),
      'POST /rules': async ({ request }) => saveRule(deployment, parsed(ruleSchema, await bodyOf(request))),
    }
  }

  readonly handle: ApiHandler = (request) => {
    const route = this.#routes[`${request.method} ${request.path}`]
    if (route === undefined) throw new RequestError(404, 'This address does not exist. Reload the page.')
    return route(request)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deadLetters[Symbol.asyncDispose]()
  }

  async #overview(query: URLSearchParams): Promise<Overview> {
    const limit = Number(query.get('limit') ?? 50)
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_IMPORTS)
      throw new RequestError(422, `limit is "${String(query.get('limit'))}": expected a whole number from 1 to ${MAX_IMPORTS}.`)
    const [{ reports, newer, total }, waiting, { paused, limit: rate }, keyEnding] = await Promise.all([
      this.#reports.newest(limit),
      queueDepths(this.#deployment),
      currentBrake(this.#deployment),
      this.#keyEnding(),
    ])
    const { name, deploymentOptions, emulatorUrl, endpointHost } = this.#deployment
    const unreachable = this.#unreachable()
    const expiringSoon = waiting.deadLetters === 0 ? 0 : this.#deadLetters.expiringSoon()
    return {
      deployment: name,
      ...(deploymentOptions !== undefined && { deploymentOptions }),
      target: {
        ...(emulatorUrl !== undefined && { emulatorUrl }),
        ...(endpointHost !== undefined && { endpointHost }),
        ...(keyEnding !== undefined && { keyEnding }),
      },
      ...(unreachable !== undefined && { unreachable }),
      waiting: { ...waiting, ...(expiringSoon !== undefined && { expiringSoon }) },
      ...(paused !== undefined && { pausedSince: paused.since }),
      ...(rate !== undefined && { linesPerSecond: rate.linesPerSecond }),
      imports: reports.toReversed().map(({ key, report }) => ({ id: key, report: namedReport(report, this.#deployment) })),
      newer,
      total,
    }
  }

  async #report(id: string): Promise<Report> {
    const report = id.startsWith(REPORTS_PREFIX) ? await this.#reports.get(id) : undefined
    if (report === undefined) throw new RequestError(404, 'This import has no report. The report may have been deleted.')
    return report
  }

  async #rejected(query: URLSearchParams): Promise<RejectedPage> {
    const given = Object.fromEntries([...query].filter(([, value]) => value !== ''))
    const { offset, limit, sort } = parsed(rangeSchema, given)
    return this.#deadLetters.page(parsed(filterSchema, given), { offset, limit, order: sort })
  }

  async #download(query: URLSearchParams): Promise<Download> {
    const given = Object.fromEntries([...query].filter(([, value]) => value !== ''))
    const [filter, { format }] = [parsed(filterSchema, given), parsed(formatSchema, given)]
    await this.#deadLetters.table() // the first read, if there was none
    return new Download(downloadName(filter.file, format), DOWNLOAD_TYPES[format], (response, signal) =>
      // A read of the queue would replace the table during the download.
      this.#deadLetters.exclusively(async () => {
        const rows = (await this.#deadLetters.table()).rows(filter)
        await pipeline(Readable.from(downloadParts(rows, format)), response, { signal })
      }),
    )
  }

  async #fixPreview({ request }: ApiRequest): Promise<FixPreview> {
    const fixRequest = parsed(fixSchema, await bodyOf(request))
    return previewFixes((await this.#deadLetters.table()).rows(fixRequest.filter), fixRequest)
  }

  async #fixSuggestions({ request, signal }: ApiRequest): Promise<FixSuggestions> {
    const { filter, fixes } = parsed(fixSchema, await bodyOf(request))
    await this.#deadLetters.table() // the first read, if there was none
    // A read of the queue would replace the table during the trial.
    return this.#deadLetters.exclusively(async () => {
      const table = await this.#deadLetters.table()
      return tryFixes(() => table.rows(filter), fixes, signal)
    })
  }

  async #findPerson({ request }: ApiRequest): Promise<Streamed> {
    const { id, identity } = parsed(personSchema, await bodyOf(request))
    const report = await this.#report(id)
    const waiting = async () => (await this.#deadLetters.table()).rows({ file: report.file.key, text: identity })
    return new Streamed('application/x-ndjson; charset=utf-8', (response, signal) =>
      pipeline(Readable.from(personMessages(this.#deployment, report, identity, waiting, signal)), response, { signal }),
    )
  }

  async #replay({ request, signal }: ApiRequest): Promise<ReplayResult> {
    const replayRequest = parsed(replaySchema, await bodyOf(request))
    const table = await this.#deadLetters.table()
    const { ready, refused } =
      'isAll' in replayRequest
        ? { ready: fixedLines(table.rows(replayRequest.filter), replayRequest), refused: [] }
        : validateLines(replayRequest.lines, (id) => table.get(id))
    if (ready.length === 0) return { lines: 0, sentBefore: 0, missing: 0, refused }
    const { key, lines, uploadedBefore, missing } = await this.#deadLetters.exclusively(() =>
      replayLines(this.#deployment, ready, signal),
    )
    await this.#remove(ready.map(({ id }) => id))
    this.#deadLetters.invalidate() // a dead letter that another reader held may be back
    return { ...(key !== undefined && { key }), lines, sentBefore: uploadedBefore, missing, refused }
  }

  async #retry({ request, signal }: ApiRequest): Promise<RetryResult> {
    const filter = parsed(filterSchema, await bodyOf(request))
    const failedImports = (await this.#deadLetters.table()).failedImports(filter)
    const imports = await this.#deadLetters.exclusively(() => requeueFailedImports(this.#deployment, failedImports, signal))
    await this.#remove(failedImports.keys())
    return { imports }
  }

  async #decide({ request }: ApiRequest): Promise<DecideResult> {
    const { id, decision } = parsed(decideSchema, await bodyOf(request))
    const report = await this.#report(id)
    const result = await decideOnDeployment(this.#deployment, report, decision)
    if (result.kind === 'not-held' || result.kind === 'too-late') throw new RequestError(409, refusalText(report, result))
    return { decision, wasDecidedBefore: result.kind === 'decided-before' }
  }

  async #archive({ request, signal }: ApiRequest): Promise<ArchiveResult> {
    const ids = await this.#idsOf(parsed(archiveSchema, await bodyOf(request)))
    const { archived } = await this.#deadLetters.exclusively(() =>
      archiveDeadLetters(
        this.#deployment,
        ids === undefined ? { why: 'old' } : { why: 'asked', matches: ({ id }) => ids.has(id) },
        signal,
      ),
    )
    this.#deadLetters.invalidate()
    return { archived }
  }

  async #pause({ request }: ApiRequest): Promise<PauseRequest> {
    const { isPaused } = parsed(pauseSchema, await bodyOf(request))
    const now = new Date().toISOString()
    await changeBrake(this.#deployment, (brake) => {
      if (isPaused) return brake.paused === undefined ? withPause(brake, now) : brake
      return brake.paused === undefined ? brake : withoutPause(brake)
    })
    return { isPaused }
  }

  async #cancel({ request }: ApiRequest): Promise<CancelRequest> {
    const { id } = parsed(cancelSchema, await bodyOf(request))
    const report = await this.#report(id)
    if (isFinal(report)) throw new RequestError(409, 'The import has ended, so it cannot be cancelled.')
    await orderCancellation(this.#deployment, report.file)
    return { id }
  }

  /** Messages that a filter selects and that are not about lines or files are left alone. */
  async #discard({ request, signal }: ApiRequest): Promise<DiscardResult> {
    const discardRequest = parsed(discardSchema, await bodyOf(request))
    const table = await this.#deadLetters.table()
    const rows =
      'ids' in discardRequest ? discardRequest.ids.flatMap((id) => table.get(id) ?? []) : table.rows(discardRequest.filter)
    const ids = new Set<string>()
    for (const { id, kind } of rows) if (kind === 'line' || kind === 'file' || kind === 'group') ids.add(id)
    const { discarded, missing } = await this.#deadLetters.exclusively(() => discardLines(this.#deployment, ids, signal))
    this.#deadLetters.invalidate()
    return { discarded, missing }
  }

  /** @returns undefined for those that expire soon */
  async #idsOf(request: ArchiveRequest): Promise<ReadonlySet<string> | undefined> {
    if ('ids' in request) return new Set(request.ids)
    return 'filter' in request ? this.#matching(request.filter) : undefined
  }

  async #matching(filter: RejectedFilter): Promise<ReadonlySet<string>> {
    return new Set(Array.from((await this.#deadLetters.table()).rows(filter), ({ id }) => id))
  }

  /** From the table that is current now: the queue may have been read again during the request. */
  async #remove(ids: Iterable<string>): Promise<void> {
    const table = await this.#deadLetters.table()
    table.remove(ids)
  }
}

async function bodyOf(request: ApiRequest['request']): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new RequestError(415, 'Expected JSON. Reload the page.')
  if (!(Number(request.headers['content-length']) <= MAX_BODY_BYTES))
    throw new RequestError(413, 'The request is too large. Select fewer lines.')
  return json(request).catch((cause: unknown) => {
    throw new RequestError(400, `The request is not valid JSON (${cause instanceof Error ? cause.message : String(cause)}).`)
  })
}

function parsed<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const fields = result.issues.map((issue) => v.getDotPath(issue) ?? issue.type).join(', ')
  throw new RequestError(422, `The request is not valid (${fields}). Reload the page.`)
}
