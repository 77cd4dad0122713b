import { isTlsError } from './connection.ts'

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'] as const

/** The network that cannot be reached, or no name server that answers. */
const OFFLINE = new Set(['ENETUNREACH', 'ENETDOWN', 'EAI_AGAIN'])

/**
 * Why a server cannot be reached, for a person, and what to do.
 *
 * @param code of the error, as Node names it; ABORT_ERR if there was no answer in time
 */
export function unreachableText(url: URL, code: string, env: Readonly<Record<string, string | undefined>>): string {
  const { why, todo } = explain(url, code)
  const proxy = PROXY_VARIABLES.find((name) => (env[name] ?? '') !== '')
  const aboutProxy =
    proxy === undefined || isLocal(url)
      ? ''
      : ` ${proxy} is set, and the importer uses no proxy: it needs a direct way to ${url.hostname}.`
  return `${url.origin} cannot be reached: ${why} (${code}). ${todo}${aboutProxy}`
}

function explain(url: URL, code: string): { readonly why: string; readonly todo: string } {
  if (code === 'ENOTFOUND') return { why: `there is no host ${url.hostname}`, todo: 'Check this name.' }
  if (OFFLINE.has(code)) return { why: 'this computer seems to be offline', todo: 'Check its network.' }
  if (code === 'ECONNREFUSED')
    return { why: 'nothing answers at this address and port', todo: 'Check the address, and whether the server runs.' }
  if (isTlsError(code))
    return {
      why: `its certificate does not show that it is ${url.hostname}`,
      todo: 'A proxy may answer in its place. No line is sent to it.',
    }
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT')
    return { why: 'there is no answer yet', todo: 'A firewall may drop the connection, or the server is slow.' }
  return { why: 'the connection fails', todo: 'Check the network and the address.' }
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]'
}
