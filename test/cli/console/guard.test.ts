import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newPageAddress } from '../../../cli/console/stored-address.ts'
import { startServer, type ConsoleServer, type ApiRequest } from '../../../cli/console/server.ts'

let server: ConsoleServer
/** The requests that passed the guard. */
let handled: string[] = []
let errors: unknown[] = []
beforeAll(async () => {
  const handler = async ({ method, path }: ApiRequest) => {
    handled.push(`${method} ${path}`)
    if (path === '/bug') throw new TypeError('a bug')
    return Promise.resolve({ path })
  }
  server = await startServer(handler, newPageAddress(), (error) => errors.push(error))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** With node:http, because `fetch` sets these headers itself. */
async function send(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const { hostname, port } = new URL(server.address)
  const request = httpRequest({ hostname, port, path, method, headers })
  request.end()
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

const host = () => new URL(server.address).host
const port = () => new URL(server.address).port
const token = () => new URL(server.address).pathname.split('/')[1]!
const api = () => `/${token()}/api/overview`

describe('access to the console', () => {
  // prettier-ignore
  test.each<[string, string, () => string, () => Record<string, string>, number]>([
    // client                                          method  path                                  headers                                                                       status
    [ 'the printed address',                           'GET',  api,                                  () => ({ host: host() }),                                                     200 ],
    [ 'the same address as localhost',                 'GET',  api,                                  () => ({ host: `localhost:${port()}` }),                                      200 ],
    [ 'a GET of the page itself',                      'GET',  api,                                  () => ({ host: host(), 'sec-fetch-site': 'same-origin' }),                    200 ],
    [ 'a POST of the page itself',                     'POST', api,                                  () => ({ host: host(), origin: `http://${host()}`, 'sec-fetch-site': 'same-origin' }), 200 ],
    [ 'no token',                                      'GET',  () => '/api/overview',                () => ({ host: host() }),                                                     403 ],
    [ 'an empty address',                              'GET',  () => '/',                            () => ({ host: host() }),                                                     403 ],
    [ 'another token of the same length',              'GET',  () => `/${'A'.repeat(32)}/api/overview`, () => ({ host: host() }),                                                  403 ],
    [ 'the start of the token',                        'GET',  () => `/${token().slice(0, -1)}/api/overview`, () => ({ host: host() }),                                            403 ],
    [ 'the token as a query parameter',                'GET',  () => `/?token=${token()}`,           () => ({ host: host() }),                                                     403 ],
    [ 'a domain that resolves to here (rebinding)',     'GET',  api,                                  () => ({ host: `evil.test:${port()}` }),                                      403 ],
    [ 'the right name at another port',                'GET',  api,                                  () => ({ host: '127.0.0.1:1' }),                                              403 ],
    [ 'the right name without a port',                 'GET',  api,                                  () => ({ host: '127.0.0.1' }),                                                403 ],
    [ 'a GET of another site',                         'GET',  api,                                  () => ({ host: host(), origin: 'https://evil.test' }),                        403 ],
    [ 'a POST of another site',                        'POST', api,                                  () => ({ host: host(), origin: 'https://evil.test' }),                        403 ],
    [ 'another server on this computer',               'POST', api,                                  () => ({ host: host(), origin: 'http://127.0.0.1:1' }),                       403 ],
    [ 'the same server under its other name',          'POST', api,                                  () => ({ host: host(), origin: `http://localhost:${port()}` }),               403 ],
    [ 'a sandboxed page',                              'POST', api,                                  () => ({ host: host(), origin: 'null' }),                                     403 ],
    [ 'a POST without an origin',                      'POST', api,                                  () => ({ host: host() }),                                                     403 ],
    [ 'an image tag on another site',                  'GET',  api,                                  () => ({ host: host(), 'sec-fetch-site': 'cross-site' }),                     403 ],
    [ 'a GET of a page on another port',               'GET',  api,                                  () => ({ host: host(), 'sec-fetch-site': 'same-site' }),                      403 ],
    [ 'an unknown method',                             'PUT',  api,                                  () => ({ host: host(), origin: `http://${host()}` }),                         405 ],
    [ 'the preflight of another site',                 'OPTIONS', api,                               () => ({ host: host(), origin: 'https://evil.test' }),                        403 ],
  ])('%s', async (_, method, path, headers, status) => {
    handled = []
    const answer = await send(method, path(), headers())
    expect(answer.status).toBe(status)
    expect(handled).toHaveLength(status === 200 ? 1 : 0)
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.text).not.toContain(token())
  })

  test('a link in an email can open the page, but not call the API', async () => {
    const headers = { host: host(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await send('GET', `/${token()}/api/overview`, headers)).status).toBe(403)
  })
})

test('every response forbids foreign scripts, framing and caching', async () => {
  handled = []
  for (const path of [api(), '/', `/${token()}/nothing`]) {
    const { headers } = await send('GET', path, { host: host() })
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'.*connect-src 'self'.*frame-ancestors 'none'/,
    )
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
  }
})

test('a bug is reported in the terminal, and its message is not sent to the page', async () => {
  errors = []
  const { status, text } = await send('GET', `/${token()}/api/bug`, { host: host() })
  expect(status).toBe(500)
  expect(text).not.toContain('a bug')
  expect(errors).toEqual([expect.objectContaining({ message: 'a bug' })])
})

test('each state folder has its own token of 192 bits', () => {
  const [one, other] = [newPageAddress(), newPageAddress()]
  expect(one.token).toMatch(/^[A-Za-z0-9_-]{32}$/)
  expect(other.token).not.toBe(one.token)
})

test('a person who opens the address without its key gets a page that explains it, and not the key', async () => {
  const { status, headers: answered, text } = await send('GET', '/', { host: host(), accept: 'text/html,*/*' })
  expect([status, answered['content-type']]).toEqual([403, 'text/html; charset=utf-8'])
  expect(text).toContain('the address is not complete')
  expect(text).not.toContain(token())
})
