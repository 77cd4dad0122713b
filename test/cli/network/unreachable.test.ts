import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { nameUnreachable } from '../../../cli/network/name-unreachable.ts'
import { unreachableText } from '../../../cli/network/unreachable.ts'

const KISSMETRICS = new URL('https://trk.kissmetrics.io')
const HERE = new URL('http://127.0.0.1:8080')
const PROXY = { HTTPS_PROXY: 'http://proxy:3128' }
const ABOUT_PROXY = ' HTTPS_PROXY is set, and the importer uses no proxy: it needs a direct way to trk.kissmetrics.io.'

describe('why an endpoint cannot be reached, and what to do', () => {
  // prettier-ignore
  test.each<[string, URL, Record<string, string>, string]>([
    // code                     endpoint     environment  what the user reads after "ORIGIN cannot be reached: "
    [ 'ECONNREFUSED',           HERE,        {},          'nothing answers at this address and port (ECONNREFUSED). Check the address, and whether the server runs.' ],
    [ 'ENOTFOUND',              KISSMETRICS, {},          'there is no host trk.kissmetrics.io (ENOTFOUND). Check this name.' ],
    [ 'EAI_AGAIN',              KISSMETRICS, {},          'this computer seems to be offline (EAI_AGAIN). Check its network.' ],
    [ 'ENETUNREACH',            KISSMETRICS, {},          'this computer seems to be offline (ENETUNREACH). Check its network.' ],
    [ 'CERT_HAS_EXPIRED',       KISSMETRICS, {},          'its certificate does not show that it is trk.kissmetrics.io (CERT_HAS_EXPIRED). A proxy may answer in its place. No line is sent to it.' ],
    [ 'ABORT_ERR',              KISSMETRICS, {},          'there is no answer yet (ABORT_ERR). A firewall may drop the connection, or the server is slow.' ],
    [ 'ECONNRESET',             KISSMETRICS, {},          'the connection fails (ECONNRESET). Check the network and the address.' ],
    [ 'ETIMEDOUT',              KISSMETRICS, PROXY,       `there is no answer yet (ETIMEDOUT). A firewall may drop the connection, or the server is slow.${ABOUT_PROXY}` ],
    [ 'ECONNREFUSED',           HERE,        PROXY,       'nothing answers at this address and port (ECONNREFUSED). Check the address, and whether the server runs.' ],
  ])('%s', (code, url, env, text) => {
    expect(unreachableText(url, code, env)).toBe(`${url.origin} cannot be reached: ${text}`)
  })
})

describe('a server is tried once, without a request', () => {
  const toldAbout = async (url: URL, patienceMs?: number): Promise<readonly string[]> => {
    const told: string[] = []
    await nameUnreachable(url, (text) => told.push(text), { env: {}, ...(patienceMs !== undefined && { patienceMs }) })
    return told
  }

  test('one that listens', async () => {
    const received: Buffer[] = []
    const server = createServer((socket) => socket.on('data', (data) => received.push(data))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await toldAbout(new URL(`http://127.0.0.1:${port}`))).toEqual([])
    server.close()
    await once(server, 'close')
    expect(received).toEqual([])
    expect(await toldAbout(new URL(`http://localhost:${port}`))).toEqual([expect.stringContaining('(ECONNREFUSED)')])
  })

  test('one that does not speak TLS, and one that says nothing', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    const wrong = createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    for (const server of [silent, wrong]) if (!server.listening) await once(server, 'listening')
    const at = (server: typeof silent) => new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(await toldAbout(at(wrong), 60_000)).toEqual([expect.stringMatching(/certificate.*\((EPROTO|ERR_SSL\w+)\)/)])
    expect(await toldAbout(at(silent), 50)).toEqual([expect.stringContaining('there is no answer yet (ABORT_ERR)')])
    for (const server of [silent, wrong]) server.close()
  })
})
