import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** A fast endpoint for benchmarks, in a separate process. It only finds the end of each request and answers all with the same GIF. */
export interface SinkProcess {
  readonly url: string
  stop(): Promise<void>
}

export async function startSinkProcess(): Promise<SinkProcess> {
  const child = spawn(process.execPath, [import.meta.filename], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    url: `http://127.0.0.1:${line}`,
    stop: async () => {
      child.kill()
      await closed
    },
  }
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
/** The GIF of 43 bytes that Kissmetrics answers with. */
export const ANSWER = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: ${GIF.length}\r\n\r\n`),
  GIF,
])
const HEAD_END = Buffer.from('\r\n\r\n')

/** @returns the number of complete requests in the buffer, and their bytes */
export function completeRequests(buffer: Buffer): { readonly bytes: number; readonly count: number } {
  let bytes = 0
  let count = 0
  for (;;) {
    const head = buffer.indexOf(HEAD_END, bytes)
    if (head === -1) return { bytes, count }
    const length =
      buffer[bytes] === 0x50 ? Number(/content-length: (\d+)/i.exec(buffer.toString('latin1', bytes, head))?.[1] ?? 0) : 0 // POST
    const end = head + HEAD_END.length + length
    if (end > buffer.length) return { bytes, count }
    bytes = end
    count += 1
  }
}

function serve(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const { bytes, count } = completeRequests(buffer)
      rest = buffer.subarray(bytes)
      for (let answered = 0; answered < count; answered += 1) socket.write(ANSWER)
    })
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.stdout.write(`${typeof address === 'object' ? String(address?.port) : ''}\n`)
  })
}

if (process.argv[1] === import.meta.filename) {
  serve()
  process.stdin.resume().on('end', () => process.exit()) // the process that started it has ended
}
