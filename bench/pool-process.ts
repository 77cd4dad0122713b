/** The baseline: an undici pool that only sends prepared requests. argv: origin, in flight, requests, and one of WAYS. */
import { Pool, type Dispatcher } from 'undici'
import { kissmetricsEndpoint } from '../lambda/adapters/endpoint.ts'
import { parseLine } from '../lambda/parse/line.ts'
import { requestsFor, type Request } from '../lambda/parse/request.ts'
import { shortLines } from './files.ts'
import { printFigures } from './measure.ts'

const [origin = '', inFlight = '', count = '', how = 'request'] = process.argv.slice(2)

const requests = [...shortLines(Number(count))].map((line): Request => {
  const parsed = parseLine(line, { latestTime: Infinity })
  const built = parsed.kind === 'rejection' ? parsed : requestsFor(parsed, '0123456789abcdef0123456789abcdef01234567')
  if ('kind' in built || built[0] === undefined) throw new Error('a line of the benchmark was rejected')
  return built[0]
})

const pool = new Pool(origin, { connections: Number(inFlight) })
const endpoint = kissmetricsEndpoint(new URL(origin), Number(inFlight))

class DumpHandler implements Dispatcher.DispatchHandler {
  readonly #onEnd: () => void

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  onRequestStart(): void {}  

  onResponseEnd(): void {
    this.#onEnd()
  }

  onResponseError(_controller: unknown, error: Error): void {
    throw error
  }
}

/** How a request is sent. Each calls `onEnd` when the response has ended. */
const WAYS: Readonly<Record<string, (request: Request, onEnd: () => void) => void>> = {
  /** As in undici's documentation. */
  request: ({ method, path }, onEnd) => {
    void pool.request({ method, path }).then(({ body }) => body.dump().then(onEnd))
  },
  /** The least that undici's pool can do. */
  dispatch: ({ method, path }, onEnd) => {
    pool.dispatch({ method, path }, new DumpHandler(onEnd))
  },
  /** The importer's own adapter alone. */
  adapter: (request, onEnd) => {
    endpoint.send(request, onEnd)
  },
}

const send = WAYS[how]
if (send === undefined) throw new Error(`${how} is not one of ${Object.keys(WAYS).join(', ')}`)

await printFigures(
  () =>
    new Promise((resolve) => {
      let begun = 0
      let ended = 0
      const begin = (): void => {
        const request = requests[begun]
        begun += 1
        if (request !== undefined) send(request, end)
      }
      const end = (): void => {
        ended += 1
        if (ended === requests.length) resolve(ended)
        else begin()
      }
      for (let slot = 0; slot < Number(inFlight); slot += 1) begin()
    }),
)
process.exit()
