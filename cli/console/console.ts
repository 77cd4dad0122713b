import { once } from 'node:events'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { openBrowser } from '../terminal/open-browser.ts'
import { Interruption } from '../terminal/interruption.ts'
import { printableLines } from '../terminal/output.ts'
import { readPort } from '../terminal/port-option.ts'
import { ConsoleApi } from './api.ts'
import { startServer, type ConsoleServer } from './server.ts'
import { newPageAddress, readPageAddress, writePageAddress } from './stored-address.ts'

export interface ConsoleFlags extends DeploymentFlags {
  readonly port?: string
  readonly open?: boolean
}

/** In the state folder: the address that this command had before. */
const ADDRESS_FILE = 'console-address.json'

/** Serves the page for people who upload files and fix lines, until Ctrl-C. */
export async function console(flags: ConsoleFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const port = readPort(flags.port, 1)
  const deployment = { ...(await findDeployment(flags)), deploymentOptions: deploymentOptionsOf(flags) }
  await using server = await startConsole(deployment, port, path.join(flags.stateDir, ADDRESS_FILE)).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause
    throw new SetupError(
      `--port is "${port}": another program uses this port. Choose another one, or leave --port out to use a free one.`,
      { cause },
    )
  })
  process.stdout.write(`${server.address}\n`)
  process.stderr.write(
    'Open this address in a browser on this computer. Keep it private: it lets its user send lines. Ctrl-C stops the console.\n',
  )
  if (flags.open === true) openBrowser(server.address)
  if (!interruption.happened) await once(interruption.signal, 'abort')
  return EXIT.ok
}

/**
 * @param port 0 for the one that was used before, or any free port
 * @param addressFile keeps the address; left out, each start has another one
 * @throws Error with code EADDRINUSE
 */
export async function startConsole(deployment: Deployment, port: number, addressFile?: string): Promise<ConsoleServer> {
  const stored = addressFile === undefined ? newPageAddress() : await readPageAddress(addressFile)
  const api = new ConsoleApi(deployment)
  const start = (at: number) => startServer(api.handle, { port: at, token: stored.token }, printError)
  const server = await start(port === 0 ? stored.port : port).catch((error: unknown) => {
    // Only the port that the user has named must be free.
    if (port !== 0 || stored.port === 0 || codeOf(error) !== 'EADDRINUSE') throw error
    return start(0)
  })
  if (addressFile !== undefined && (port === 0 || stored.port === 0))
    await writePageAddress(addressFile, { port: server.port, token: stored.token })
  return {
    address: server.address,
    port: server.port,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

function printError(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`console: ${printableLines(text)}\n`)
}
