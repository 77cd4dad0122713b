import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** Looks for moto and what its server needs. Importing them would take a second in each suite. */
const FIND = 'from importlib.util import find_spec; exit(find_spec("moto") is None or find_spec("flask") is None)'

/** Whether moto is installed, an independent S3 and SQS in Python. The warning makes skipped tests visible. */
export const HAS_MOTO = spawnSync('python3', ['-c', FIND]).status === 0
if (!HAS_MOTO)
  console.warn('moto is not installed (pip install "moto[server]"): the comparison of the emulators with moto is skipped.')

export interface Moto {
  readonly url: string
  stop(): Promise<void>
}

/** Starts moto on a free loopback port. @param accountId of the account whose resources it has */
export async function startMoto(accountId = '123456789012'): Promise<Moto> {
  for (;;) {
    const moto = await tryToStart(await freePort(), accountId)
    if (moto !== undefined) return moto
  }
}

/** @returns undefined if another process took the port in the meantime */
async function tryToStart(port: number, accountId: string): Promise<Moto | undefined> {
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, MOTO_ACCOUNT_ID: accountId },
  })
  const closed = once(child, 'close')
  const url = `http://127.0.0.1:${port}`
  do {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (child.exitCode !== null) return undefined
  } while (!(await isUp(url)))
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL')
      await closed
    },
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/`)).status < 500
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
