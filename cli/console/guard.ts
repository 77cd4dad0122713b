import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Headers of every response. The page runs only its own scripts and sends requests only to its own server, no other page can frame it,
 * and a link that leads away does not send the address, which contains the token.
 */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types check-worker",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

export type AccessResult =
  | { readonly kind: 'allowed'; readonly method: 'GET' | 'POST'; readonly path: string; readonly query: URLSearchParams }
  | { readonly kind: 'denied'; readonly status: 403 | 405; readonly why: string }

/**
 * Allows requests from the page that this server delivered, and from programs of the user who has the printed address.
 *
 * Three checks, because each alone can be bypassed. Token: another program on this computer or a page of another site does not know
 * it. Host: a site whose name resolves to this computer (DNS rebinding) sends another one. Origin and Sec-Fetch-Site: a page of another
 * site that knows the token is still another site.
 *
 * @param port that the console listens on
 */
export function checkAccess({ method, url = '', headers }: IncomingMessage, port: number, token: string): AccessResult {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!hosts.includes(headers.host ?? '')) return denied('The console works on this computer only. Open it as 127.0.0.1.')
  const { pathname, searchParams } = new URL(`http://${String(headers.host)}${url.startsWith('/') ? url : '/'}`)
  const [, first = '', ...rest] = pathname.split('/')
  if (!isEqual(first, token))
    return denied('Open the console with the complete address that it printed at the start. The address contains a key.')
  if (headers.origin !== undefined && headers.origin !== `http://${String(headers.host)}`)
    return denied('Other sites cannot use the console.')
  const path = `/${rest.join('/')}`
  const site = headers['sec-fetch-site']
  const isNavigation = path === '/' && headers['sec-fetch-mode'] === 'navigate'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation)
    return denied('Other sites cannot use the console.')
  if (method === 'GET' || method === 'HEAD') return { kind: 'allowed', method: 'GET', path, query: searchParams }
  if (method !== 'POST') return { kind: 'denied', status: 405, why: 'The console accepts only GET and POST.' }
  // A browser sends the Origin header with every POST.
  if (headers.origin === undefined) return denied('Only the console’s own page can make changes.')
  return { kind: 'allowed', method: 'POST', path, query: searchParams }
}

function denied(why: string): AccessResult {
  return { kind: 'denied', status: 403, why }
}

/** Compares in constant time, so that the time does not tell how much of the token is right. */
function isEqual(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)]
  return one.length === other.length && timingSafeEqual(one, other)
}
