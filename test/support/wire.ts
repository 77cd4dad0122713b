import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A network between a program and a server: it carries all bytes, until it drops its connections. */
export class Wire implements AsyncDisposable {
  readonly #server
  readonly #sockets = new Set<Socket>()
  readonly #url: URL

  private constructor(target: URL) {
    this.#url = target
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
    })
  }

  static async to(target: string): Promise<Wire> {
    const wire = new Wire(new URL(target))
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  /** Of the server, through this wire. */
  get url(): string {
    return `${this.#url.protocol}//127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Ends all connections. @returns how many there were */
  drop(): number {
    const count = this.#sockets.size / 2
    for (const socket of this.#sockets) socket.resetAndDestroy()
    return count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
