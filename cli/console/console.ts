import { once } from 'node:events'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { readPort } from '../terminal/port-option.ts'
import { printable } from '../terminal/output.ts'
import { ConsoleApi } from './api.ts'
import { startServer, type ConsoleServer } from './server.ts'

export interface ConsoleFlags extends DeploymentFlags {
  readonly port?: string
}

/** The page for people who drop files and mend lines, until Ctrl-C. */
export async function console(flags: ConsoleFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const port = readPort(flags.port, 1)
  const deployment = await findDeployment(flags)
  await using server = await startConsole(deployment, port).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause
    throw new SetupError(
      `--port is "${port}": it is taken by another program. Name another, or leave it out to take a free one.`,
      {
        cause,
      },
    )
  })
  process.stdout.write(`${server.address}\n`)
  process.stderr.write('Open it in a browser of this computer. Whoever has the address can send and mend; Ctrl-C ends it.\n')
  if (!interruption.happened) await once(interruption.signal, 'abort')
  return EXIT.ok
}

/** @param port 0 for any @throws Error with code EADDRINUSE */
export async function startConsole(deployment: Deployment, port: number): Promise<ConsoleServer> {
  const api = new ConsoleApi(deployment)
  const server = await startServer(api.answer, port, tellFault)
  return {
    address: server.address,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

function tellFault(error: unknown): void {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`console: ${told.split('\n').map(printable).join('\n')}\n`)
}
