import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Said with every answer. The page runs nothing but its own script and asks nobody but its own server; no other page can frame it, and a
 * link that leads away does not carry the address, which holds the token.
 */
export const CAUTIONS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

export type Admission =
  | { readonly kind: 'admitted'; readonly method: 'GET' | 'POST'; readonly path: string; readonly query: URLSearchParams }
  | { readonly kind: 'turned-away'; readonly status: 403 | 405; readonly why: string }

/**
 * Who may speak to the console: the page that it served itself, and whoever holds the address that was printed.
 *
 * Three locks, since each alone can be opened. The token: another program of this computer, or a page of another site, does not know it.
 * The Host: a site whose name was made to lead to this computer (DNS rebinding) has another. The Origin and what the browser says of it:
 * a page of another site that came to know the token still is another site.
 *
 * @param port that the console listens on
 */
export function admit({ method, url = '', headers }: IncomingMessage, port: number, token: string): Admission {
  const origins = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!origins.includes(headers.host ?? '')) return away('The console is for this computer only: open it as 127.0.0.1.')
  const { pathname, searchParams } = new URL(`http://${String(headers.host)}${url.startsWith('/') ? url : '/'}`)
  const [, first = '', ...rest] = pathname.split('/')
  if (!isSame(first, token))
    return away('Open the console at the whole address that was printed when it started: it holds a key.')
  if (headers.origin !== undefined && headers.origin !== `http://${String(headers.host)}`)
    return away('Another site may not use the console.')
  const path = `/${rest.join('/')}`
  const site = headers['sec-fetch-site']
  const isOpened = path === '/' && headers['sec-fetch-mode'] === 'navigate'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isOpened)
    return away('Another site may not use the console.')
  if (method === 'GET' || method === 'HEAD') return { kind: 'admitted', method: 'GET', path, query: searchParams }
  if (method !== 'POST')
    return { kind: 'turned-away', status: 405, why: 'It can be asked (GET) and told (POST), and nothing else.' }
  // A browser says with every POST where it comes from.
  if (headers.origin === undefined) return away('Only the page of the console itself may change something.')
  return { kind: 'admitted', method: 'POST', path, query: searchParams }
}

function away(why: string): Admission {
  return { kind: 'turned-away', status: 403, why }
}

/** In the same time, however much of it is right. */
function isSame(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)]
  return one.length === other.length && timingSafeEqual(one, other)
}
