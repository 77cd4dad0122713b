import path from 'node:path'
import { KISSMETRICS_ENDPOINT, parseEndpoint } from '../../../lambda/settings/addresses.ts'
import { findRunning } from '../../deployment/running.ts'
import { DEFAULT_API_KEY_ENV, DEFAULT_WATCHED_DIR } from '../../local/options.ts'
import { nameUnreachable } from '../../network/name-unreachable.ts'
import { readPort } from '../../terminal/port-option.ts'
import { findingsOf, type Finding } from '../finding.ts'
import { checkKey, checkPorts, checkWatches } from './check-computer.ts'
import { checkDropFolder, checkStateFolder } from './check-folders.ts'

export interface LocalDoctorFlags {
  readonly stateDir: string
  readonly dropDir?: string
  readonly endpoint?: string
  readonly port?: string
}

/** What local mode and `send` need on this computer. It changes nothing. @throws SetupError for a wrong flag */
export async function* examineLocal(flags: LocalDoctorFlags, env = process.env): AsyncGenerator<Finding> {
  const stateDir = path.resolve(flags.stateDir)
  const port = readPort(flags.port, 4)
  const endpoint = parseEndpoint(flags.endpoint ?? KISSMETRICS_ENDPOINT, '--endpoint')
  yield* await checkStateFolder(stateDir)
  const running = await findRunning(stateDir)
  yield runningFinding(running?.consoleUrl, running !== undefined)
  yield* await checkDropFolder(
    path.resolve(flags.dropDir ?? running?.watchedDir ?? DEFAULT_WATCHED_DIR),
    flags.dropDir !== undefined,
  )
  if (running === undefined) yield* await checkPorts(port)
  yield* await checkWatches()
  yield* checkKey(DEFAULT_API_KEY_ENV, env[DEFAULT_API_KEY_ENV])
  yield await endpointFinding(endpoint, env)
}

function runningFinding(consoleUrl: string | undefined, isRunning: boolean): Finding {
  const { ok } = findingsOf('importer')
  if (!isRunning) return ok('No importer runs with this state folder. To start one: npm start')
  return ok(`An importer runs${consoleUrl === undefined ? '' : `; its page is at ${consoleUrl}`}.`)
}

/** Local mode sends to its emulator unless an endpoint is named, so this is not a fault. */
async function endpointFinding(endpoint: URL, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { ok, warning } = findingsOf('endpoint')
  let problem: string | undefined
  await nameUnreachable(endpoint, (text) => (problem = text), { env, patienceMs: 10_000 })
  if (problem === undefined) return ok(`${endpoint.origin} can be reached.`)
  return warning(`${problem} The emulator of local mode does not need it.`)
}
