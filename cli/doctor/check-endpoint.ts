import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { codeOf } from '../../lambda/errors.ts'
import { findingsOf, type Finding } from './finding.ts'

const PATIENCE_MS = 10_000

/**
 * Whether the endpoint can be reached from this computer: it opens a connection, checks the certificate, and closes it.
 *
 * Nothing is requested, because the tracking API answers every request, and counts most of them.
 *
 * @param open opens a connection, and rejects with the error of Node if that is not possible
 */
export async function checkEndpoint(
  origin: string,
  open: (url: URL) => Promise<void> = openConnection,
): Promise<readonly Finding[]> {
  const { ok, warning, wrong } = findingsOf('endpoint')
  const url = new URL(origin)
  try {
    await open(url)
    return [
      ok(`${url.origin} can be reached from this computer${url.protocol === 'https:' ? ', and its certificate is valid' : ''}.`),
    ]
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOTFOUND')
      return [
        wrong(
          `There is no host ${url.hostname}. Correct the setting "endpoint" of the stack, and deploy again.`,
          'npx cdk deploy -c endpoint=https://trk.kissmetrics.io',
        ),
      ]
    if (isTlsError(code))
      return [
        wrong(
          `${url.host} does not identify itself as ${url.hostname} (${code}): a proxy, or the wrong host. No line is sent to it. See the certificate:`,
          `openssl s_client -connect ${url.hostname}:${portOf(url)} -servername ${url.hostname} </dev/null`,
        ),
      ]
    const why = code === 'ABORT_ERR' ? `no answer within ${PATIENCE_MS / 1000} s` : code
    return [
      warning(
        `${url.origin} cannot be reached from this computer (${why}). The function has its own way to the network; its log says whether it reaches it.`,
      ),
    ]
  }
}

function isTlsError(code: string): boolean {
  return /CERT|^ERR_(TLS|SSL)|^EPROTO$|SIGNATURE/.test(code)
}

function portOf({ protocol, port }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'http:' ? 80 : 443
}

async function openConnection(url: URL): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isPlain = url.protocol === 'http:'
  const socket: Socket = isPlain
    ? connectTcp(portOf(url), host)
    : connectTls({ host, port: portOf(url), ...(!/^[\d.]+$|:/.test(host) && { servername: host }) })
  try {
    await once(socket, isPlain ? 'connect' : 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) })
  } finally {
    socket.destroy()
  }
}
