import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { LEASE_CHECKPOINTS } from '../../lambda/jobs/segment-lease.ts'
import type { Wiring } from '../../lib/wiring.ts'
import { startKissmetricsEmulator } from '../../emulators/kissmetrics/server.ts'
import { startConsole } from '../console/console.ts'
import { localDeployment } from '../deployment/deployment.ts'
import { sendTarget, type SendTarget } from '../deployment/send-target.ts'
import { openCredentials } from './credentials.ts'
import type { LocalOptions } from './options.ts'
import { stateDirOption } from './run-result.ts'
import { startLocalServices, type LocalServices } from './services.ts'

/** A start after a crash waits for three times as long. */
export const LOCAL_CHECKPOINT_SECONDS = 1

/** Every server of local mode, and the endpoint that commands are sent to. */
export interface Servers extends AsyncDisposable {
  readonly services: LocalServices
  readonly endpoint: URL
  readonly apiKey: string
  /** Address of the Kissmetrics emulator; undefined if the user named another endpoint. */
  readonly emulatorUrl: string | undefined
  /** Where lines go, for the page and other commands. */
  readonly target: SendTarget
  /** Address of the page, with its token; undefined with `--once`. */
  readonly consoleUrl: string | undefined
}

/** @throws SetupError if a port is in use */
export async function startServers(options: LocalOptions, wiring: Wiring): Promise<Servers> {
  await using starting = new AsyncDisposableStack() // if one server fails to start, those before it are stopped
  try {
    const target = await startTarget(options, starting)
    const services = await startLocalServices(options.stateDir, options.port, wiring, { releaseAfterMs: leaseMs(wiring) })
    starting.defer(() => services.stop())
    const { once, port } = options
    const shown = sendTarget(target.endpoint, target.apiKey, target.emulatorUrl)
    const page = once
      ? undefined
      : await startConsole(
          localDeployment(services, {
            ...shown,
            watchedDir: options.watchedDir,
            deploymentOptions: stateDirOption(options.stateDir),
          }),
          port === 0 ? 0 : port + 3,
          path.join(options.stateDir, 'page-address.json'),
        )
    if (page !== undefined) starting.use(page)
    const started = starting.move()
    return { services, ...target, target: shown, consoleUrl: page?.address, [Symbol.asyncDispose]: () => started.disposeAsync() }
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause
    throw new SetupError(
      `--port is "${options.port}": another program uses this port or one of the next three. ` +
        'Name another, or leave it out to use free ports.',
      { cause },
    )
  }
}

/** How long a process that was killed can still hold the leases of its work. Delivered earlier, the work could not be continued. */
function leaseMs({ function: { environment } }: Wiring): number {
  const seconds = Number(
    process.env.KM_CHECKPOINT_SECONDS ?? environment.values.KM_CHECKPOINT_SECONDS ?? LOCAL_CHECKPOINT_SECONDS,
  )
  return LEASE_CHECKPOINTS * 1000 * (seconds || LOCAL_CHECKPOINT_SECONDS)
}

async function startTarget(
  { target, stateDir, port }: LocalOptions,
  starting: AsyncDisposableStack,
): Promise<Pick<Servers, 'endpoint' | 'apiKey' | 'emulatorUrl'>> {
  if (target !== undefined) return { ...target, emulatorUrl: undefined }
  const { apiKey } = await openCredentials(stateDir)
  const dir = path.join(stateDir, 'kissmetrics')
  const emulator = await startKissmetricsEmulator({ dir, apiKey, port: port === 0 ? 0 : port + 2 })
  starting.defer(() => emulator.stop())
  return { endpoint: new URL(emulator.url), apiKey, emulatorUrl: emulator.queryUrl }
}
