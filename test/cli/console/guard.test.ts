import { request as ask } from 'node:http'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startServer, type ConsoleServer, type Question } from '../../../cli/console/server.ts'

let server: ConsoleServer
let asked: string[] = []
let faults: unknown[] = []
beforeAll(async () => {
  const api = async ({ method, path }: Question) => {
    asked.push(`${method} ${path}`)
    if (path === '/fault') throw new TypeError('a fault of the program')
    return Promise.resolve({ answered: path })
  }
  server = await startServer(api, 0, (error) => faults.push(error))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** Below the level of `fetch`, which writes the headers in question itself. */
async function send(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const { hostname, port } = new URL(server.address)
  const asking = ask({ hostname, port, path, method, headers })
  asking.end()
  const [response] = (await once(asking, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

const host = () => new URL(server.address).host
const port = () => new URL(server.address).port
const token = () => new URL(server.address).pathname.split('/')[1]!
const api = () => `/${token()}/api/overview`

describe('who may speak to the console', () => {
  // prettier-ignore
  test.each<[string, string, () => string, () => Record<string, string>, number]>([
    // who                                             method  path                                  headers                                                                       status
    [ 'the address as it was printed',                 'GET',  api,                                  () => ({ host: host() }),                                                     200 ],
    [ 'the same by the name localhost',                'GET',  api,                                  () => ({ host: `localhost:${port()}` }),                                      200 ],
    [ 'the page itself, asking',                       'GET',  api,                                  () => ({ host: host(), 'sec-fetch-site': 'same-origin' }),                    200 ],
    [ 'the page itself, telling',                      'POST', api,                                  () => ({ host: host(), origin: `http://${host()}`, 'sec-fetch-site': 'same-origin' }), 200 ],
    [ 'no token',                                      'GET',  () => '/api/overview',                () => ({ host: host() }),                                                     403 ],
    [ 'nothing at all',                                'GET',  () => '/',                            () => ({ host: host() }),                                                     403 ],
    [ 'another token of the same length',              'GET',  () => `/${'A'.repeat(32)}/api/overview`, () => ({ host: host() }),                                                  403 ],
    [ 'the beginning of the token',                    'GET',  () => `/${token().slice(0, -1)}/api/overview`, () => ({ host: host() }),                                            403 ],
    [ 'the token as a question',                       'GET',  () => `/?token=${token()}`,           () => ({ host: host() }),                                                     403 ],
    [ 'a name that was made to lead here',             'GET',  api,                                  () => ({ host: `evil.test:${port()}` }),                                      403 ],
    [ 'the right name at another port',                'GET',  api,                                  () => ({ host: '127.0.0.1:1' }),                                              403 ],
    [ 'the right name without a port',                 'GET',  api,                                  () => ({ host: '127.0.0.1' }),                                                403 ],
    [ 'the page of another site, asking',              'GET',  api,                                  () => ({ host: host(), origin: 'https://evil.test' }),                        403 ],
    [ 'the page of another site, telling',             'POST', api,                                  () => ({ host: host(), origin: 'https://evil.test' }),                        403 ],
    [ 'another server of this computer',               'POST', api,                                  () => ({ host: host(), origin: 'http://127.0.0.1:1' }),                       403 ],
    [ 'the same server under its other name',          'POST', api,                                  () => ({ host: host(), origin: `http://localhost:${port()}` }),               403 ],
    [ 'a page in a sandbox',                           'POST', api,                                  () => ({ host: host(), origin: 'null' }),                                     403 ],
    [ 'who does not say where it comes from, telling', 'POST', api,                                  () => ({ host: host() }),                                                     403 ],
    [ 'a picture on another site',                     'GET',  api,                                  () => ({ host: host(), 'sec-fetch-site': 'cross-site' }),                     403 ],
    [ 'a page of another port, asking',                'GET',  api,                                  () => ({ host: host(), 'sec-fetch-site': 'same-site' }),                      403 ],
    [ 'a method that is none of ours',                 'PUT',  api,                                  () => ({ host: host(), origin: `http://${host()}` }),                         405 ],
    [ 'what another site asks before it tells',        'OPTIONS', api,                               () => ({ host: host(), origin: 'https://evil.test' }),                        403 ],
  ])('%s', async (_, method, path, headers, status) => {
    asked = []
    const answer = await send(method, path(), headers())
    expect(answer.status).toBe(status)
    expect(asked).toHaveLength(status === 200 ? 1 : 0)
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.text).not.toContain(token())
  })

  test('a link in a mail opens the page, and no more than that', async () => {
    const followed = { host: host(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await send('GET', `/${token()}/api/overview`, followed)).status).toBe(403)
  })
})

test('every answer says that nothing but the page itself may run, be framed, or be kept', async () => {
  asked = []
  for (const path of [api(), '/', `/${token()}/nothing`]) {
    const { headers } = await send('GET', path, { host: host() })
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self'.*connect-src 'self'.*frame-ancestors 'none'/,
    )
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
  }
})

test('a fault of the program is told where it was started, and not on the page', async () => {
  faults = []
  const { status, text } = await send('GET', `/${token()}/api/fault`, { host: host() })
  expect(status).toBe(500)
  expect(text).not.toContain('a fault of the program')
  expect(faults).toEqual([expect.objectContaining({ message: 'a fault of the program' })])
})

test('each start has a token of its own, of 192 bits', async () => {
  await using other = await startServer(
    () => Promise.resolve({}),
    0,
    () => undefined,
  )
  expect(new URL(other.address).pathname).toMatch(/^\/[A-Za-z0-9_-]{32}\/$/)
  expect(new URL(other.address).pathname).not.toBe(new URL(server.address).pathname)
})
