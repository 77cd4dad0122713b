import { fork, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import path from 'node:path'

export interface Plan {
  /** What happens to every fiftieth request. */
  readonly fault: 'none' | 'busy' | 'error' | 'reset'
  /** Lines of the file. */
  readonly lines: number
  readonly hasBad: boolean
}

export interface Received {
  /** Good lines that were never accepted. */
  readonly lost: number
  /** How often good lines were accepted again. */
  readonly repeated: number
  /** Bad lines that were sent, and accepted as Kissmetrics accepts everything. */
  readonly badAccepted: number
  readonly requests: number
}

export type FromSink =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'planned' }
  /** Half of the lines were accepted. */
  | { readonly kind: 'half' }
  | ({ readonly kind: 'received' } & Received)

export class Sink implements AsyncDisposable {
  readonly url: string
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, port: number) {
    this.#process = process
    this.url = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Sink> {
    const process = fork(path.join(import.meta.dirname, 'sink-process.ts'), { execArgv: [] })
    const { port } = await nextOf(process, 'ready')
    return new Sink(process, port)
  }

  /** Forgets what was received, and fails as planned from now on. */
  async prepare(plan: Plan): Promise<void> {
    const planned = nextOf(this.#process, 'planned')
    this.#process.send(plan)
    await planned
  }

  /** @returns true when half of the lines were accepted, false if `signal` is aborted before */
  async half(signal: AbortSignal): Promise<boolean> {
    try {
      await nextOf(this.#process, 'half', signal)
      return true
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  async collect(): Promise<Received> {
    const received = nextOf(this.#process, 'received')
    this.#process.send('collect')
    return received
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#process, 'close')
    this.#process.kill()
    await closed
  }
}

async function nextOf<Kind extends FromSink['kind']>(
  process: ChildProcess,
  kind: Kind,
  signal?: AbortSignal,
): Promise<Extract<FromSink, { kind: Kind }>> {
  for await (const [message] of on(process, 'message', { close: ['close'], ...(signal && { signal }) })) {
    const fromSink = message as FromSink
    if (fromSink.kind === kind) return fromSink as Extract<FromSink, { kind: Kind }>
  }
  throw new Error('the sink of the comparison has ended')
}
