import type { Report } from '../../../lambda/report/report.ts'
import type {
  Failure,
  FixOutlook,
  FixQuestion,
  RejectedFilter,
  RejectedOrder,
  DeadLetterPage,
  Overview,
  ArchivedCount,
  ArchiveRequest,
  Replayed,
  ReplayQuestion,
  ReplayResponse,
  Uploaded,
} from '../api-types.ts'

/** The console heard the question and said no, with what to do. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Nobody answers. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'

  constructor() {
    super('The console has stopped. Start it again with km-import console, and open the address that it prints.')
  }
}

/** What went wrong, for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whoever asked no longer wants to know. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

type Query = Readonly<Record<string, string | number | undefined>>

export async function askOverview(limit: number, signal: AbortSignal): Promise<Overview> {
  return (await get('overview', { limit }, signal)) as Overview
}

export async function fetchReport(id: string, signal: AbortSignal): Promise<Report> {
  return (await get('file', { id }, signal)) as Report
}

export interface RejectedQuery {
  readonly filter: RejectedFilter
  readonly offset: number
  readonly limit: number
  readonly order: RejectedOrder
}

export async function fetchRejectedLines(
  { filter, offset, limit, order }: RejectedQuery,
  signal: AbortSignal,
): Promise<DeadLetterPage> {
  return (await get('rejected', { ...filter, offset, limit, sort: order }, signal)) as DeadLetterPage
}

/** Has the queue looked through anew, and waits for it. */
export async function lookAnew({ filter, offset, limit, order }: RejectedQuery): Promise<DeadLetterPage> {
  return (await post(`rejected/refresh${queryText({ ...filter, offset, limit, sort: order })}`, {})) as DeadLetterPage
}

export async function askFix(question: FixQuestion, signal: AbortSignal): Promise<FixOutlook> {
  return (await post('fix', question, signal)) as FixOutlook
}

export async function replay(question: ReplayQuestion): Promise<Replayed> {
  return (await post('replay', question)) as Replayed
}

export async function sendBack(filter: RejectedFilter): Promise<ReplayResponse> {
  return (await post('send-back', filter)) as ReplayResponse
}

export async function archive(question: ArchiveRequest): Promise<ArchivedCount> {
  return (await post('archive', question)) as ArchivedCount
}

/** XMLHttpRequest, since `fetch` does not tell how much of a body has gone out. */
export function upload(
  file: File,
  isAgain: boolean,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `api/upload${queryText({ name: file.name, again: isAgain ? 1 : undefined })}`)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      onProgress(total === 0 ? 1 : loaded / total)
    })
    request.addEventListener('load', () => {
      const value = parsed(request.responseText)
      if (request.status === 200) resolve(value as Uploaded)
      else reject(refusal(request.status, value))
    })
    request.addEventListener('error', () => {
      reject(new Unreachable())
    })
    request.addEventListener('abort', () => {
      reject(new DOMException('The upload was stopped.', 'AbortError'))
    })
    signal.addEventListener('abort', () => {
      request.abort()
    })
    request.send(file)
  })
}

function get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
  return ask(`${path}${queryText(query)}`, { signal })
}

function post(path: string, question: unknown, signal?: AbortSignal): Promise<unknown> {
  return ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
    ...(signal !== undefined && { signal }),
  })
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  try {
    const response = await fetch(`api/${path}`, init)
    const value = parsed(await response.text())
    if (response.ok) return value
    throw refusal(response.status, value)
  } catch (error) {
    if (error instanceof TypeError) throw new Unreachable() // what `fetch` throws where there is no answer
    throw error
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusal(status: number, value: unknown): Refused {
  const { error } = (value ?? {}) as Partial<Failure>
  return new Refused(status, error ?? `The console answered ${status} and did not say why. Load the page again.`)
}

/** Without what is not given. */
function queryText(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}
