import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface ChildOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A file that takes stdout and stderr. */
  readonly log?: number
}

/** A process of the run. It ends when this one does, however this one ends, since the channel between them ends then. */
export class Child<From extends { readonly kind: string }, To extends object> implements AsyncDisposable {
  readonly ended: Promise<void>
  readonly #process: ChildProcess
  #isEnded = false

  constructor(file: string, onMessage: (message: From) => void, { args = [], env = {}, log }: ChildOptions = {}) {
    this.#process = fork(file, args, {
      execArgv: [],
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', log ?? 'inherit', log ?? 'inherit', 'ipc'],
    })
    this.#process.on('message', (message) => {
      onMessage(message as From)
    })
    // `close` comes when the channel is read to its end: after the last words of a process that was killed.
    this.ended = once(this.#process, 'close').then(() => {
      this.#isEnded = true
    })
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  send(message: To): void {
    this.#process.send(message)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}

/** For the other side: says something to whoever started this process. */
export function tell(message: object): void {
  process.send?.(message)
}

/** For the other side: hears what it is told, and ends when there is nobody left to tell it anything. */
export function listen(onMessage: (message: unknown) => void): void {
  process.on('message', onMessage)
  process.on('disconnect', () => {
    process.exit()
  })
}
