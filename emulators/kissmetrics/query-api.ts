import type { IncomingMessage, ServerResponse } from 'node:http'
import { HTML_HEADERS } from './html.ts'
import { pageFor } from './pages.ts'
import type { Queries } from './queries.ts'

const HELP = `Kissmetrics emulator, on this computer only. Like Kissmetrics, it stores what it receives, drops duplicates,
and answers 200 to everything, even to what it ignores. To see what it received:

  GET /summary                  counts: received, kept, repeated, ignored and why; people and events
  GET /events?name=N&person=P   events, newest first (limit=50)
  GET /people/IDENTITY          one person: aliases, events, and the last value of each property
  GET /requests                 the requests as received, newest first (limit=50)

A browser gets pages for people instead of JSON.
Add the key to each, as in the address of this page: /summary?_k=KEY
`

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 1_000

/** Answers queries about what the emulator received. Read-only. */
export function answerQuery(
  queries: Queries,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answerJson(response, 405, { error: `${String(request.method)} ${path} is not supported. Use GET.` })
    return
  }
  const page = (request.headers.accept ?? '').includes('text/html') ? pageFor(queries, path, query) : undefined
  if (page !== undefined) {
    response.writeHead(200, { ...HTML_HEADERS, ...SAFE_HEADERS }).end(page)
    return
  }
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', ...SAFE_HEADERS }).end(HELP)
    return
  }
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    const error = `limit is "${String(query.get('limit'))}": expected a whole number from 1 to ${MAX_LIMIT}. Leave it out to get ${DEFAULT_LIMIT}.`
    answerJson(response, 400, { error })
    return
  }
  const found = find(queries, path, query, limit)
  answerJson(response, found === undefined ? 404 : 200, found ?? { error: 'There is nothing here. GET / lists the queries.' })
}

function find(queries: Queries, path: string, query: URLSearchParams, limit: number): unknown {
  switch (path) {
    case '/summary':
      return queries.summary()
    case '/requests':
      return queries.requests(limit)
    case '/events': {
      const [name, person] = [query.get('name'), query.get('person')]
      return queries.events({ limit, ...(name !== null && { name }), ...(person !== null && { person }) })
    }
    default: {
      const person = personIn(path)
      return person === undefined ? undefined : queries.person(person, limit)
    }
  }
}

function personIn(path: string): string | undefined {
  try {
    return path.startsWith(PEOPLE) ? decodeURIComponent(path.slice(PEOPLE.length)) : undefined
  } catch {
    return undefined
  }
}

const PEOPLE = '/people/'

/** The answers contain personal data: they must not be cached, nor interpreted as anything else. */
const SAFE_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', ...SAFE_HEADERS }).end(`${JSON.stringify(value, null, 2)}\n`)
}
