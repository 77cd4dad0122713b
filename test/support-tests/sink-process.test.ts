import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startSinkProcess, type SinkProcess } from '../support/sink-process.ts'

let sink: SinkProcess
beforeAll(async () => {
  sink = await startSinkProcess()
})
afterAll(() => sink.stop())

const GET = 'GET /e?_k=K HTTP/1.1\r\nhost: x\r\n\r\n'
// The form contains a blank line, which must not count as the end of the headers.
const post = (form: string): string => `POST /s HTTP/1.1\r\nContent-Length: ${form.length}\r\nhost: x\r\n\r\n${form}`
const POST = post('_p=1\r\n\r\n&x=GET')

/** Writes the pieces one after the other. @returns the number of complete responses */
async function answersTo(pieces: readonly string[], expected: number): Promise<number> {
  const socket = connect(Number(new URL(sink.url).port), '127.0.0.1').setNoDelay()
  let text = ''
  const whole = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (more: string) => {
      text += more
      if (text.split('HTTP/1.1 200 OK').length > expected) resolve()
    })
  })
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  await whole
  socket.destroy()
  return text.split('content-type: image/gif\r\ncontent-length: 42\r\n\r\nGIF89a').length - 1
}

test('each request is answered once, for any chunks and any number of requests', async () => {
  const requests = fc.array(fc.constantFrom(GET, POST, post('')), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 200 }), async (requests, pieceLength) => {
      const pieces = requests.join('').match(new RegExp(`[^]{1,${pieceLength}}`, 'g')) ?? []
      expect(await answersTo(pieces, requests.length)).toBe(requests.length)
    }),
    { numRuns: 50 },
  )
})

test('it ends when the process that started it is killed', async () => {
  const program = `
    import { startSinkProcess } from ${JSON.stringify(new URL('../support/sink-process.ts', import.meta.url).href)}
    console.log((await startSinkProcess()).url)
  `
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = (await once(createInterface(parent.stdout), 'line')) as [string]
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  parent.kill('SIGKILL')
  await once(socket.on('error', () => undefined).resume(), 'close')
  expect(socket.destroyed).toBe(true)
})
