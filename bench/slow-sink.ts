// cspell:ignore addext keyout paramgen pkeyopt
import { execFile, fork, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** What a slow endpoint does. */
export interface SlowSinkOptions {
  readonly latencyMs: number
  /** Requests after which it reports. */
  readonly requests: number
  readonly certificate?: Certificate
}

export interface Certificate {
  /** PEM files. */
  readonly keyFile: string
  readonly certFile: string
}

/** What it has measured. */
export interface Served {
  /** When the first request came, in milliseconds since 1970. */
  readonly firstAt: number
  /** Of the middle half of the requests, when all connections are open and none is idle yet. */
  readonly perSecond: number
  /** How long an answer took in that half: timers are late if the machine is busy. */
  readonly latencyMs: number
}

export type FromSlowSink = { readonly port: number } | Served

/** An endpoint with a fixed latency, in a process of its own. */
export class SlowSink implements AsyncDisposable {
  readonly url: string
  readonly served: Promise<Served>
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, url: string) {
    this.url = url
    this.#process = process
    this.served = nextFrom(process, 'perSecond')
    this.served.catch(() => undefined) // unless it is awaited
  }

  static async start(options: SlowSinkOptions): Promise<SlowSink> {
    const { certificate } = options
    const tls = certificate && {
      key: await readFile(certificate.keyFile, 'utf8'),
      cert: await readFile(certificate.certFile, 'utf8'),
    }
    const child = fork(path.join(import.meta.dirname, 'slow-sink-process.ts'), { execArgv: [] })
    const ready = nextFrom(child, 'port')
    child.send({ ...options, tls })
    const { port } = await ready
    return new SlowSink(child, tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#process, 'close')
    this.#process.kill()
    await closed
  }
}

/** Makes a certificate for localhost with openssl. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [keyFile, certFile] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  await promisify(execFile)('openssl', ['req', ...kind, ...name, '-keyout', keyFile, '-out', certFile])
  return { keyFile, certFile }
}

async function nextFrom<Name extends 'port' | 'perSecond'>(
  child: ChildProcess,
  name: Name,
): Promise<Extract<FromSlowSink, Record<Name, number>>> {
  for await (const [message] of on(child, 'message', { close: ['close'] }))
    if (name in (message as FromSlowSink)) return message as Extract<FromSlowSink, Record<Name, number>>
  throw new Error('the endpoint of the benchmark has ended')
}
