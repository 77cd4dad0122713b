/** The baseline: an undici pool that only sends prepared requests. argv: origin, in flight, requests, `request` or `dispatch`. */
import { Pool } from 'undici'
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

/** `request`: as in undici's documentation. `dispatch`: the importer's own adapter alone. */
const send =
  how === 'dispatch'
    ? (request: Request) => endpoint.send(request)
    : async ({ method, path }: Request) => {
        const { body } = await pool.request({ method, path })
        await body.dump()
      }

await printFigures(async () => {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) await send(request)
  }
  await Promise.all(Array.from({ length: Number(inFlight) }, worker))
  return requests.length
})
process.exit()
