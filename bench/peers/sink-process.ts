/** The endpoint of the comparison, in a process of its own: it fails as the parent says, and counts how often each line was accepted. */
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { isBad } from './input.ts'
import type { FromSink, Plan, Received } from './sink.ts'

/** Every fiftieth request fails, the second one first, so that an importer with few requests meets a failure too. */
const FAULT_EVERY = 50
const FIRST_FAULT = 2

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const HEAD_END = Buffer.from('\r\n\r\n')
const SEQ = Buffer.from('seq=')
const POST = 'P'.charCodeAt(0)
const [ZERO, NINE] = ['0'.charCodeAt(0), '9'.charCodeAt(0)]

let plan: Plan = { fault: 'none', lines: 0, hasBad: false }
let counts = new Uint16Array(1)
let requests = 0
let resets = 0
let accepted = 0
let isHalfTold = false

function answer(status: string, type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body)
  const head = `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${bytes.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes])
}

const ACCEPTED = answer('200 OK', 'image/gif', GIF)
const BUSY = answer('429 Too Many Requests', 'application/json', '{"error":"too many requests","status":"Too Many Requests"}')
const BROKEN = answer(
  '500 Internal Server Error',
  'application/json',
  '{"error":"internal error","status":"Internal Server Error"}',
)

function tell(message: FromSink): void {
  process.send?.(message)
}

function accept(line: number): void {
  counts[line] = (counts[line] ?? 0) + 1
  accepted += 1
  if (isHalfTold || accepted < plan.lines / 2) return
  isHalfTold = true
  tell({ kind: 'half' })
}

/** The number after `seq=` in a request line. Of the query of a bad request, it may be missing. */
function seqOf(head: Buffer): number | undefined {
  let at = head.indexOf(SEQ)
  if (at === -1) return undefined
  let number = 0
  for (at += SEQ.length; ; at += 1) {
    const byte = head[at] ?? 0
    if (byte < ZERO || byte > NINE) return number
    number = number * 10 + byte - ZERO
  }
}

/** As Mixpanel answers `/import` with `strict=1`: it accepts the valid events of a batch, and lists the others. */
function acceptBatch(body: Buffer): Buffer {
  const text = body[0] === 0x1f ? gunzipSync(body) : body
  const events = JSON.parse(text.toString()) as readonly { properties?: { time?: unknown; seq?: number } }[]
  const failed: { index: number; message: string }[] = []
  events.forEach(({ properties: { time, seq = 0 } = {} }, index) => {
    if (typeof time === 'number') accept(seq)
    else failed.push({ index, message: "'properties.time' is invalid: must be specified" })
  })
  const result = { num_records_imported: events.length - failed.length, failed_records: failed }
  return failed.length === 0
    ? answer('200 OK', 'application/json', JSON.stringify({ code: 200, status: 'OK', ...result }))
    : answer(
        '400 Bad Request',
        'application/json',
        JSON.stringify({
          code: 400,
          status: 'Bad Request',
          error: 'some data points in the request failed validation',
          ...result,
        }),
      )
}

function take(head: Buffer, body: Buffer): Buffer {
  if (head[0] === POST) return acceptBatch(body)
  accept(seqOf(head) ?? 0)
  return ACCEPTED
}

/** @returns false if the connection was reset */
function serve(socket: Socket, head: Buffer, body: Buffer): boolean {
  requests += 1
  if (plan.fault === 'none' || requests % FAULT_EVERY !== FIRST_FAULT) {
    socket.write(take(head, body))
    return true
  }
  if (plan.fault !== 'reset') {
    socket.write(plan.fault === 'busy' ? BUSY : BROKEN)
    return true
  }
  resets += 1
  if (resets % 2 === 1) take(head, body) // the client cannot know whether a lost answer was a yes
  socket.resetAndDestroy()
  return false
}

function received(): Received {
  let [lost, repeated, badAccepted] = [0, 0, 0]
  for (let line = 1; line <= plan.lines; line += 1) {
    const count = counts[line] ?? 0
    if (plan.hasBad && isBad(line)) badAccepted += Math.min(count, 1)
    else if (count === 0) lost += 1
    else repeated += count - 1
  }
  return { lost, repeated, badAccepted, requests }
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const head = buffer.indexOf(HEAD_END)
      if (head === -1) break
      const start = head + HEAD_END.length
      const length = buffer[0] === POST ? Number(/content-length: (\d+)/i.exec(buffer.toString('latin1', 0, head))?.[1] ?? 0) : 0
      if (start + length > buffer.length) break
      if (!serve(socket, buffer.subarray(0, head), buffer.subarray(start, start + length))) return
      buffer = buffer.subarray(start + length)
    }
    rest = buffer
  })
})
server.listen(0, '127.0.0.1', () => {
  tell({ kind: 'ready', port: (server.address() as AddressInfo).port })
})

process.on('message', (message: Plan | 'collect') => {
  if (message === 'collect') {
    tell({ kind: 'received', ...received() })
    return
  }
  plan = message
  counts = new Uint16Array(plan.lines + 1)
  ;[requests, resets, accepted, isHalfTold] = [0, 0, 0, false]
  tell({ kind: 'planned' })
})
process.on('disconnect', () => process.exit())
