import type { IncomingHttpHeaders } from 'node:http'

/**
 * Refuses the requests of web pages. An emulator listens on this computer only, but a page in the user's browser can send it requests too:
 * from another site, or from one whose name resolves to this computer (DNS rebinding). An address that the user opens is not refused.
 *
 * @returns why the request is refused; undefined if it is not
 */
export function refusalOf(headers: IncomingHttpHeaders): string | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host)) return 'The emulator only answers on 127.0.0.1 or localhost.'
  if (origin !== undefined || (site !== undefined && site !== 'none')) return 'The emulator does not answer web pages.'
  return undefined
}
