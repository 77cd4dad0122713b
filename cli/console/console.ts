import { once } from 'node:events'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { printableLines } from '../terminal/output.ts'
import { readPort } from '../terminal/port-option.ts'
import { ConsoleApi } from './api.ts'
import { startServer, type ConsoleServer } from './server.ts'

export interface ConsoleFlags extends DeploymentFlags {
  readonly port?: string
}

/** Serves the page for people who upload files and fix lines, until Ctrl-C. */
export async function console(flags: ConsoleFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const port = readPort(flags.port, 1)
  const deployment = await findDeployment(flags)
  await using server = await startConsole(deployment, port).catch((cause: unknown) => {
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
  if (!interruption.happened) await once(interruption.signal, 'abort')
  return EXIT.ok
}

/** @param port 0 for any free port @throws Error with code EADDRINUSE */
export async function startConsole(deployment: Deployment, port: number): Promise<ConsoleServer> {
  const api = new ConsoleApi(deployment)
  const server = await startServer(api.handle, port, printError)
  return {
    address: server.address,
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
