import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** Whether moto, an independent S3 and SQS written in Python, is installed. Where it is not, say so: a silent gap looks like a pass. */
export const HAS_MOTO = spawnSync('python3', ['-c', 'import moto.server']).status === 0
if (!HAS_MOTO) console.warn('moto is not installed (pip install "moto[server]"): the second opinion on S3 and SQS is skipped.')

export interface Moto {
  readonly url: string
  stop(): Promise<void>
}

/** Starts moto on a free port of loopback. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort()
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const closed = once(child, 'close')
  const url = `http://127.0.0.1:${port}`
  while (!(await isUp(url))) await new Promise((resolve) => setTimeout(resolve, 100))
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
