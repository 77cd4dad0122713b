import type { Report } from '../../../lambda/report/report.ts'
import type {
  ArchiveRequest,
  ArchiveResult,
  CancelRequest,
  CheckContext,
  DecideRequest,
  DecideResult,
  DiscardRequest,
  DiscardResult,
  ErrorResponse,
  FixPreview,
  FixRequest,
  Overview,
  PauseRequest,
  PersonRequest,
  RejectedFilter,
  RejectedOrder,
  RejectedPage,
  ReplayRequest,
  ReplayResult,
  RetryResult,
  RuleRequest,
  RuleTrial,
  UploadResult,
} from '../api-types.ts'
import type { PersonMessage } from '../person/person-result.ts'
import type { FixSuggestions } from '../suggestions/fix-trial.ts'

/** The console answered with an error. The message is for the user. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError'
  readonly code = 'console_error'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The console does not answer. */
export class ConsoleUnreachable extends Error {
  override readonly name = 'ConsoleUnreachable'
  readonly code = 'console_unreachable'

  constructor() {
    super('The console has stopped. Start it again with npx km-import console, and open the address that it prints.')
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** True if the caller aborted the request. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

type Query = Readonly<Record<string, string | number | undefined>>

export async function fetchOverview(limit: number, signal: AbortSignal): Promise<Overview> {
  return (await get('overview', { limit }, signal)) as Overview
}

export async function fetchCheckContext(name: string): Promise<CheckContext> {
  return (await get('check-context', { name })) as CheckContext
}

export async function fetchReport(id: string, signal: AbortSignal): Promise<Report> {
  return (await get('report', { id }, signal)) as Report
}

export interface RejectedQuery {
  readonly filter: RejectedFilter
  readonly offset: number
  readonly limit: number
  readonly order: RejectedOrder
}

export async function fetchRejectedLines(query: RejectedQuery, signal: AbortSignal): Promise<RejectedPage> {
  return (await get('rejected', parametersOf(query), signal)) as RejectedPage
}

/** Makes the console read the queue again, and waits for it. */
export async function refreshRejectedLines(query: RejectedQuery): Promise<RejectedPage> {
  return (await post(`rejected/refresh${queryText(parametersOf(query))}`, {})) as RejectedPage
}

export async function fetchFixPreview(request: FixRequest, signal: AbortSignal): Promise<FixPreview> {
  return (await post('fix-preview', request, signal)) as FixPreview
}

export async function fetchFixSuggestions(request: FixRequest, signal: AbortSignal): Promise<FixSuggestions> {
  return (await post('fix-suggestions', request, signal)) as FixSuggestions
}

/** @param onMessage called with each message as it arrives */
export async function findPerson(
  request: PersonRequest,
  onMessage: (message: PersonMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  await orUnreachable(async () => {
    const { body } = await responseTo('find-person', postOf(request, signal))
    let rest = ''
    for await (const text of body === null ? [] : textsOf(body)) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onMessage(JSON.parse(line) as PersonMessage)
    }
  })
}

export async function replay(request: ReplayRequest): Promise<ReplayResult> {
  return (await post('replay', request)) as ReplayResult
}

export async function retryFailedImports(filter: RejectedFilter): Promise<RetryResult> {
  return (await post('retry', filter)) as RetryResult
}

export async function discard(request: DiscardRequest): Promise<DiscardResult> {
  return (await post('discard', request)) as DiscardResult
}

export async function decide(request: DecideRequest): Promise<DecideResult> {
  return (await post('decide', request)) as DecideResult
}

export async function archive(request: ArchiveRequest): Promise<ArchiveResult> {
  return (await post('archive', request)) as ArchiveResult
}

export async function setPaused(isPaused: boolean): Promise<void> {
  await post('pause', { isPaused } satisfies PauseRequest)
}

export async function cancelImport(id: string): Promise<void> {
  await post('cancel', { id } satisfies CancelRequest)
}

export async function tryRule(request: RuleRequest): Promise<RuleTrial> {
  return (await post('rule-trial', request)) as RuleTrial
}

export async function saveRule(request: RuleRequest): Promise<RuleTrial> {
  return (await post('rules', request)) as RuleTrial
}

/** Uses XMLHttpRequest, because `fetch` does not report upload progress. */
export function upload(
  file: File,
  isAgain: boolean,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadResult> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `api/upload${queryText({ name: file.name, again: isAgain ? 1 : undefined })}`)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      onProgress(total === 0 ? 1 : loaded / total)
    })
    request.addEventListener('load', () => {
      const value = parsed(request.responseText)
      if (request.status === 200) resolve(value as UploadResult)
      else reject(errorOf(request.status, value))
    })
    request.addEventListener('error', () => {
      reject(new ConsoleUnreachable())
    })
    request.addEventListener('abort', () => {
      reject(new DOMException('The upload was canceled.', 'AbortError'))
    })
    signal.addEventListener('abort', () => {
      request.abort()
    })
    request.send(file)
  })
}

function parametersOf({ filter, offset, limit, order }: RejectedQuery): Query {
  return { ...filter, offset, limit, sort: order }
}

function get(path: string, query: Query, signal?: AbortSignal): Promise<unknown> {
  return send(`${path}${queryText(query)}`, signal === undefined ? {} : { signal })
}

function post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  return send(path, postOf(body, signal))
}

function postOf(body: unknown, signal?: AbortSignal): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  }
}

async function send(path: string, init: RequestInit): Promise<unknown> {
  return orUnreachable(async () => parsed(await (await responseTo(path, init)).text()))
}

async function responseTo(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(`api/${path}`, init)
  if (response.ok) return response
  throw errorOf(response.status, parsed(await response.text()))
}

async function* textsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}

async function orUnreachable<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TypeError) throw new ConsoleUnreachable() // `fetch` throws this if the server does not answer
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

function errorOf(status: number, value: unknown): ConsoleError {
  const { error } = (value ?? {}) as Partial<ErrorResponse>
  return new ConsoleError(status, error ?? `The console answered with status ${status}. Reload the page.`)
}

/** Leaves out empty and undefined parameters. */
function queryText(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}
