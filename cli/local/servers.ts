import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { startConsole } from '../console/console.ts'
import { localDeployment } from '../deployment/deployment.ts'
import { EMULATOR_KEY } from '../../emulators/kissmetrics/key.ts'
import { startKissmetricsEmulator } from '../../emulators/kissmetrics/server.ts'
import { startCloud, type Cloud } from './services.ts'
import type { LocalOptions } from './options.ts'
import type { Wiring } from './template.ts'

/** Everything that listens on this computer, and where commands go. */
export interface Servers extends AsyncDisposable {
  readonly cloud: Cloud
  readonly endpoint: URL
  readonly apiKey: string
  /** Where the stand-in can be asked; undefined where another endpoint was named. */
  readonly emulatorUrl: string | undefined
  /** The page for people, with the token in it; undefined for a run that ends by itself. */
  readonly consoleUrl: string | undefined
}

/** @throws SetupError where a port is taken */
export async function startServers(options: LocalOptions, wiring: Wiring): Promise<Servers> {
  await using starting = new AsyncDisposableStack() // what was started is stopped where the next one fails
  try {
    const target = await startTarget(options, starting)
    const cloud = await startCloud(options.stateDir, options.port, wiring)
    starting.defer(() => cloud.stop())
    const { once, port } = options
    const page = once ? undefined : await startConsole(localDeployment(cloud, target.emulatorUrl), port === 0 ? 0 : port + 3)
    if (page !== undefined) starting.use(page)
    const started = starting.move()
    return { cloud, ...target, consoleUrl: page?.address, [Symbol.asyncDispose]: () => started.disposeAsync() }
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause
    throw new SetupError(
      `--port is "${options.port}": it, or one of the three after it, is taken by another program. ` +
        'Name another, or leave it out to take free ports.',
      { cause },
    )
  }
}

async function startTarget(
  { target, stateDir, port }: LocalOptions,
  starting: AsyncDisposableStack,
): Promise<Pick<Servers, 'endpoint' | 'apiKey' | 'emulatorUrl'>> {
  if (target !== undefined) return { ...target, emulatorUrl: undefined }
  const emulator = await startKissmetricsEmulator({ dir: path.join(stateDir, 'stand-in'), port: port === 0 ? 0 : port + 2 })
  starting.defer(() => emulator.stop())
  return { endpoint: new URL(emulator.url), apiKey: EMULATOR_KEY, emulatorUrl: emulator.url }
}
