/** An endpoint that answers each request after the same time. Its options come as a message. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { ANSWER, completeRequests } from '../test/support/sink-process.ts'
import type { FromSlowSink, SlowSinkOptions } from './slow-sink.ts'

interface Options extends SlowSinkOptions {
  readonly tls?: { readonly key: string; readonly cert: string }
}

const [options] = (await once(process, 'message')) as [Options]

/** All wait for the same time, so they are answered in the order in which they came. */
const waiting: { readonly since: number; readonly socket: Socket }[] = []
let next = 0
let timer: NodeJS.Timeout | undefined

const firstCounted = Math.floor(options.requests / 4)
const lastCounted = firstCounted * 3
let answered = 0
let firstAt = 0
let countedSince = 0
let waitedMs = 0

function receive(socket: Socket, count: number): void {
  firstAt ||= Date.now()
  for (let index = 0; index < count; index += 1) waiting.push({ since: performance.now(), socket })
  timer ??= setTimeout(answerDue, options.latencyMs)
}

function answerDue(): void {
  timer = undefined
  const now = performance.now()
  for (; next < waiting.length; next += 1) {
    const request = waiting[next]
    if (request === undefined) break
    const leftMs = request.since + options.latencyMs - now
    if (leftMs > 0.2) {
      timer = setTimeout(answerDue, leftMs)
      break
    }
    request.socket.write(ANSWER)
    count(now, now - request.since)
  }
  if (next < 10_000) return
  waiting.splice(0, next)
  next = 0
}

function count(now: number, ms: number): void {
  answered += 1
  if (answered === firstCounted) countedSince = now
  else if (answered > firstCounted && answered <= lastCounted) waitedMs += ms
  if (answered !== lastCounted) return
  const lines = lastCounted - firstCounted
  report({ firstAt, perSecond: (lines * 1000) / (now - countedSince), latencyMs: waitedMs / lines })
}

function report(message: FromSlowSink): void {
  process.send?.(message)
}

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const complete = completeRequests(buffer)
    rest = buffer.subarray(complete.bytes)
    if (complete.count > 0) receive(socket, complete.count)
  })
  socket.on('error', () => socket.destroy())
}

const server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve)
server.listen(0, options.tls === undefined ? '127.0.0.1' : 'localhost')
await once(server, 'listening')
report({ port: (server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit()) // the process that started it has ended
