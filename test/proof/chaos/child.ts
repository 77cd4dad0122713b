import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface ChildOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** File descriptor for stdout and stderr. */
  readonly log?: number
}

/** A process of the run. It ends when this process ends in any way, because the IPC channel closes. */
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
    // `close` comes after the last message of the channel, also for a killed process.
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

/** For the child: sends a message to the process that started it. */
export function sendToParent(message: object): void {
  process.send?.(message)
}

/** For the child: receives messages of the parent, and exits when the parent is gone. */
export function onParentMessage(onMessage: (message: unknown) => void): void {
  process.on('message', onMessage)
  process.on('disconnect', () => {
    process.exit()
  })
}
