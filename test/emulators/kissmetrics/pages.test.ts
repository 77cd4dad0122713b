import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startKissmetricsEmulator, type KissmetricsEmulator } from '../../../emulators/kissmetrics/server.ts'

const KEY = '0123456789abcdef0123456789abcdef01234567'
const HOSTILE = `<img src=x onerror="alert(1)">&'`

let folder: string
let emulator: KissmetricsEmulator
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-pages-'))
  emulator = await startKissmetricsEmulator({ dir: folder, apiKey: KEY })
  const send = (command: string, parameters: Readonly<Record<string, string>>) =>
    fetch(`${emulator.url}/${command}?${new URLSearchParams({ _k: KEY, _t: '1393344604', _d: '1', ...parameters }).toString()}`)
  await send('e', { _p: 'ann@example.com', _n: 'Signed Up', plan: 'pro' })
  await send('a', { _p: 'ann@example.com', _n: 'customer 17' })
  await send('e', { _p: HOSTILE, _n: HOSTILE, [HOSTILE]: HOSTILE })
})
afterAll(async () => {
  await emulator.stop()
  await rm(folder, { recursive: true })
})

function open(target: string, key = KEY): Promise<Response> {
  const url = new URL(target, emulator.url)
  if (key !== '') url.searchParams.set('_k', key)
  return fetch(url, { headers: { accept: 'text/html' } })
}

describe('a browser gets pages', () => {
  // prettier-ignore
  test.each([
    [ 'the overview',        '/',                                  'Signed Up' ],
    [ 'the last events',     '/events',                            'plan: pro' ],
    [ 'one event',           '/events?name=signed+up',             'ann@example.com' ],
    [ 'a person',            '/people?identity=ann@example.com',   'customer 17' ],
    [ 'an unknown person',   '/people?identity=bob@example.com',   'has received nothing about this person' ],
    [ 'the last requests',   '/requests',                          'kept' ],
  ])('%s', async (_what, target, text) => {
    const response = await open(target)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toContain(text)
  })

  test.each([
    '/',
    '/events',
    '/requests',
    `/people?identity=${encodeURIComponent(HOSTILE)}`,
    `/events?name=${encodeURIComponent(HOSTILE)}`,
  ])('in which nothing that was received is HTML: %s', async (target) => {
    const response = await open(target)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await response.text()).not.toMatch(/<img|onerror="alert/)
  })

  test('not without the key', async () => {
    expect((await open('/', '')).status).toBe(403)
  })
})
