import { json } from 'node:stream/consumers'
import * as v from 'valibot'
import { REPORTS_PREFIX } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { queueDepths } from '../deployment/queue-depth.ts'
import { MESSAGE_REASONS, type DeadLetterReason } from '../rejects/content.ts'
import { replayLines } from '../rejects/replay-lines.ts'
import { archiveDeadLetters } from '../rejects/archive-dead-letters.ts'
import { requeueFailedImports } from '../rejects/requeue-failed-imports.ts'
import { ReportCache } from '../deployment/report-cache.ts'
import { REASONS } from '../../lambda/reasons.ts'
import { DeadLetterCache } from './dead-letters.ts'
import { validated, fixedBy, outlookOf } from './fixing.ts'
import { Refusal, type Api, type Question } from './server.ts'
import { upload } from './upload.ts'
import type {
  FixOutlook,
  RejectedFilter,
  DeadLetterPage,
  Overview,
  ArchivedCount,
  Replayed,
  ReplayResponse,
} from './api-types.ts'

const MAX_IMPORTS = 200
const MOST_ROWS = 500
/** Of what a person mends at once, with room for the escapes of JSON. */
const MOST_BODY_BYTES = 64 * 1024 ** 2

const REASON_NAMES = [...Object.keys(REASONS), ...Object.keys(MESSAGE_REASONS)] as DeadLetterReason[]

const Filter = v.object({
  file: v.exactOptional(v.string()),
  reason: v.exactOptional(v.picklist(REASON_NAMES)),
  text: v.exactOptional(v.string()),
  kept: v.exactOptional(v.picklist(['archived', 'quarantined'])),
})
const Fixing = v.object({ filter: Filter, fixes: v.array(v.string()) })
const Replaying = v.union([
  v.object({ isAll: v.literal(true), ...Fixing.entries }),
  v.object({ lines: v.array(v.object({ id: v.string(), line: v.string() })) }),
])
const ArchiveResult = v.union([
  v.object({ ids: v.array(v.string()) }),
  v.object({ filter: Filter }),
  v.object({ nearTheirEnd: v.literal(true) }),
])
const whole = (most: number) => v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number), v.maxValue(most))
const Paging = v.object({
  offset: v.optional(whole(999_999_999), '0'),
  limit: v.optional(whole(MOST_ROWS), '100'),
  sort: v.optional(v.picklist(['place', 'end']), 'place'),
})

/** Everything that the page can ask of one importer. */
export class ConsoleApi implements AsyncDisposable {
  readonly #deployment: Deployment
  readonly #reports: ReportCache
  readonly #deadLetters: DeadLetterCache
  readonly #answers: Readonly<Record<string, Api>>

  constructor(deployment: Deployment) {
    this.#deployment = deployment
    this.#reports = new ReportCache(deployment)
    this.#deadLetters = new DeadLetterCache(deployment)
    this.#answers = {
      'GET /overview': ({ query }) => this.#overview(query),
      'GET /report': ({ query }) => this.#file(query.get('id') ?? ''),
      'POST /upload': (question) => upload(deployment, question),
      'GET /rejected': ({ query }) => this.#show(query),
      'POST /rejected/refresh': async ({ query }) => {
        await this.#deadLetters.look()
        return this.#show(query)
      },
      'POST /fix': (question) => this.#fix(question),
      'POST /replay': (question) => this.#replay(question),
      'POST /send-back': (question) => this.#sendBack(question),
      'POST /archive': (question) => this.#archive(question),
    }
  }

  readonly answer: Api = (question) => {
    const answer = this.#answers[`${question.method} ${question.path}`]
    if (answer === undefined) throw new Refusal(404, 'There is nothing here. Load the page again.')
    return answer(question)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deadLetters[Symbol.asyncDispose]()
  }

  async #overview(query: URLSearchParams): Promise<Overview> {
    const limit = Number(query.get('limit') ?? 50)
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_IMPORTS)
      throw new Refusal(422, `limit is "${String(query.get('limit'))}": expected a whole number from 1 to ${MAX_IMPORTS}.`)
    const [{ reports, total }, waiting] = await Promise.all([this.#reports.newest(limit), queueDepths(this.#deployment)])
    const { name, emulatorUrl } = this.#deployment
    const nearTheirEnd = waiting.deadLetters === 0 ? 0 : this.#deadLetters.nearTheirEnd()
    return {
      deployment: name,
      ...(emulatorUrl !== undefined && { emulator: emulatorUrl }),
      waiting: { ...waiting, ...(nearTheirEnd !== undefined && { nearTheirEnd }) },
      files: reports.toReversed().map(({ key, report }) => ({ id: key, report })),
      total,
    }
  }

  async #file(id: string): Promise<unknown> {
    const report = id.startsWith(REPORTS_PREFIX) ? await this.#reports.get(id) : undefined
    if (report === undefined) throw new Refusal(404, 'There is no report of this drop. It may have been removed.')
    return report
  }

  async #show(query: URLSearchParams): Promise<DeadLetterPage> {
    const given = Object.fromEntries([...query].filter(([, value]) => value !== ''))
    const { offset, limit, sort } = read(Paging, given)
    return this.#deadLetters.show(read(Filter, given), { offset, limit, order: sort })
  }

  async #fix({ request }: Question): Promise<FixOutlook> {
    const question = read(Fixing, await bodyOf(request))
    return outlookOf((await this.#deadLetters.table()).each(question.filter), question)
  }

  async #replay({ request, signal }: Question): Promise<Replayed> {
    const question = read(Replaying, await bodyOf(request))
    const known = await this.#deadLetters.table()
    const { ready, refused } =
      'isAll' in question
        ? { ready: fixedBy(known.each(question.filter), question), refused: [] }
        : validated(question.lines, (id) => known.one(id))
    if (ready.length === 0) return { lines: 0, sentBefore: 0, missing: 0, refused }
    const { key, lines, uploadedBefore, missing } = await this.#deadLetters.alone(() =>
      replayLines(this.#deployment, 'console', ready, () => false, signal),
    )
    const table = await this.#deadLetters.table()
    table.remove(ready.map(({ id }) => id))
    this.#deadLetters.invalidate() // what somebody else held is there again
    return { ...(key !== undefined && { key }), lines, sentBefore: uploadedBefore, missing, refused }
  }

  async #sendBack({ request, signal }: Question): Promise<ReplayResponse> {
    const filter = read(Filter, await bodyOf(request))
    const works = (await this.#deadLetters.table()).works(filter)
    const sent = await this.#deadLetters.alone(() => requeueFailedImports(this.#deployment, works, signal))
    const table = await this.#deadLetters.table()
    table.remove(works.keys())
    return { works: sent }
  }

  async #archive({ request, signal }: Question): Promise<ArchivedCount> {
    const question = read(ArchiveResult, await bodyOf(request))
    const ids = 'ids' in question ? question.ids : 'filter' in question ? await this.#idsOf(question.filter) : undefined
    const chosen = ids && new Set(ids)
    const { archived } = await this.#deadLetters.alone(() =>
      archiveDeadLetters(
        this.#deployment,
        chosen === undefined ? { why: 'old' } : { why: 'asked', matches: ({ id }) => chosen.has(id) },
        signal,
      ),
    )
    this.#deadLetters.invalidate()
    return { archived }
  }

  async #idsOf(filter: RejectedFilter): Promise<readonly string[]> {
    return Array.from((await this.#deadLetters.table()).each(filter), ({ id }) => id)
  }
}

async function bodyOf(request: Question['request']): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'Expected JSON. Load the page again.')
  if (!(Number(request.headers['content-length']) <= MOST_BODY_BYTES))
    throw new Refusal(413, 'This is too much to be sent at once. Choose fewer lines.')
  return json(request).catch((cause: unknown) => {
    throw new Refusal(400, `The question is no JSON (${cause instanceof Error ? cause.message : String(cause)}).`)
  })
}

function read<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  throw new Refusal(
    422,
    `The question is not understood (${parsed.issues.map((issue) => v.getDotPath(issue) ?? issue.type).join(', ')}). Load the page again.`,
  )
}
