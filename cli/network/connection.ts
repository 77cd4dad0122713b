import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/**
 * Opens a connection to a server, checks its certificate, and closes it. Nothing is requested, because the tracking API answers every
 * request, and counts most of them.
 *
 * @throws the error of Node that says why that is not possible; code ABORT_ERR if there is no answer in time
 */
export async function openConnection(url: URL, patienceMs: number): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isPlain = url.protocol === 'http:'
  const socket: Socket = isPlain
    ? connectTcp(portOf(url), host)
    : connectTls({ host, port: portOf(url), ...(!/^[\d.]+$|:/.test(host) && { servername: host }) })
  try {
    await once(socket, isPlain ? 'connect' : 'secureConnect', { signal: AbortSignal.timeout(patienceMs) })
  } finally {
    socket.destroy()
  }
}

export function portOf({ protocol, port }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'http:' ? 80 : 443
}

export function isTlsError(code: string): boolean {
  return /CERT|^ERR_(TLS|SSL)|^EPROTO$|SIGNATURE/.test(code)
}
