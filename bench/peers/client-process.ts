/**
 * The clients of Kissmetrics on npm. They have one function for one event, so the loop around it is ours: as many calls at a time as the
 * others have, a line that is not JSON is skipped, and an error goes to the log, as in their READMEs. argv: Job, name of the package.
 */
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { printFigures } from '../measure.ts'
import { API_KEY, readJob, type InputLine } from './job.ts'

type Properties = Record<string, string | number>

interface Client {
  event(person: string, event: string, properties: Properties, callback: (error: Error | string | null | undefined) => void): void
}

const { file, sink, inFlight, packages } = readJob()
const require = createRequire(path.join(packages, 'package.json'))
const { hostname, port } = new URL(sink)

const Client = require(process.argv[3] ?? '') as new (options: object) => Client
/** Each takes the address and the permission for past times in its own way, and ignores what the other one takes. */
const client = new Client({ key: API_KEY, host: hostname, port: Number(port), endpoint: sink, allowManualTimestamp: true })

/** `_d` says that the time of the event is `_t` and not now. */
function send({ _p, _n, ...rest }: InputLine): Promise<void> {
  return new Promise((resolve) => {
    client.event(_p, _n, { ...rest, _d: 1 }, (error) => {
      if (error !== null && error !== undefined) process.stderr.write(`${String(error)}\n`)
      resolve()
    })
  })
}

function parsed(line: string): InputLine | undefined {
  try {
    return JSON.parse(line) as InputLine
  } catch {
    return undefined
  }
}

await printFigures(async () => {
  let count = 0
  const lines = createInterface({ input: createReadStream(file) })[Symbol.asyncIterator]()
  const worker = async (): Promise<void> => {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      count += 1
      const event = parsed(line.value)
      if (event !== undefined) await send(event)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return count
})
process.exit()
