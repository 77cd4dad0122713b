import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Recall } from './recall.ts'

const HELP = `This is a stand-in for Kissmetrics, on this computer only. It keeps what it is sent and drops repeats,
as Kissmetrics does, and answers 200 to everything, also to what it ignores. Ask it:

  GET /summary                  how much came, what was kept, repeated or ignored and why; people and events
  GET /events?name=N&person=P   events, the newest arrival first (limit=50)
  GET /people/IDENTITY          one person: aliases, events, properties as they were set last
  GET /requests                 the requests as they came, the newest first (limit=50)
`

const USUAL_LIMIT = 50
const MAX_LIMIT = 1_000

/** Answers a person, or a program, that wants to know what the stand-in got. Nothing can be changed this way. */
export function answerQuestion(
  recall: Recall,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answerJson(response, 405, { error: `${String(request.method)} ${path}: it can only be asked. Use GET.` })
    return
  }
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', ...CAUTIOUS }).end(HELP)
    return
  }
  const limit = Number(query.get('limit') ?? USUAL_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    const error = `limit is "${String(query.get('limit'))}": expected a whole number from 1 to ${MAX_LIMIT}. Leave it out to get ${USUAL_LIMIT}.`
    answerJson(response, 400, { error })
    return
  }
  const found = ask(recall, path, query, limit)
  answerJson(
    response,
    found === undefined ? 404 : 200,
    found ?? { error: 'There is nothing here. GET / tells what can be asked.' },
  )
}

function ask(recall: Recall, path: string, query: URLSearchParams, limit: number): unknown {
  switch (path) {
    case '/summary':
      return recall.summary()
    case '/requests':
      return recall.requests(limit)
    case '/events': {
      const [name, person] = [query.get('name'), query.get('person')]
      return recall.events({ limit, ...(name !== null && { name }), ...(person !== null && { person }) })
    }
    default: {
      const person = personIn(path)
      return person === undefined ? undefined : recall.person(person, limit)
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

/** What people did is nothing for a cache, nor to be taken for a page. */
const CAUTIOUS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', ...CAUTIOUS }).end(`${JSON.stringify(value, null, 2)}\n`)
}
