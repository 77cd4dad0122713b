import { SetupError } from '../errors.ts'

/** Kissmetrics, "API specifications": the current host of the tracking API. */
export const KISSMETRICS_ENDPOINT = 'https://trk.kissmetrics.io'

/**
 * Parses the address of an endpoint: https to any named host, or http to this computer, since the API key is in the query.
 *
 * @param text what the user wrote
 * @param name of the setting or flag, for the message
 * @throws SetupError
 */
export function parseEndpoint(text: string, name: string): URL {
  const expected = `expected an address like ${KISSMETRICS_ENDPOINT}`
  if (!URL.canParse(text)) throw new SetupError(`${name} is ${shown(text)}: ${expected}.`)
  const url = new URL(text)
  // The message must not repeat the password.
  if (url.username !== '' || url.password !== '')
    throw new SetupError(`${name} holds a user name or password: ${expected}, without them.`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new SetupError(`${name} is ${shown(text)}: ${expected}, with nothing after the host. Remove the rest.`)
  }
  const isLoopback = LOOPBACK_HOSTS.has(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new SetupError(
      `${name} is ${shown(text)}: ${expected}. Only https is allowed, because each request contains the API key.`,
    )
  }
  // An IP address is never Kissmetrics. It is how a mistake or an attacker reaches an internal network.
  if (!isLoopback && (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('['))) {
    throw new SetupError(`${name} is ${shown(text)}: ${expected}, with a host name instead of an IP address.`)
  }
  return url
}

/** A message quotes what the user wrote, but never what could be a key, like a query or 20 letters and digits in a row. */
export function shown(text: string): string {
  return /[?#@=&]|[\da-z]{20}/i.test(text) ? 'not shown here, because it may contain a key' : `"${text}"`
}

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Parses an address with a path: https to any named host, or http to this computer.
 *
 * @throws SetupError
 */
export function parseWebAddress(text: string, name: string): URL {
  const expected = 'expected an address like https://example.com/answers'
  if (!URL.canParse(text)) throw new SetupError(`${name} is ${shown(text)}: ${expected}.`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new SetupError(`${name} holds a user name, a password or a #: ${expected}, without them.`)
  const isLoopback = LOOPBACK_HOSTS.has(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback))
    throw new SetupError(`${name} is ${shown(text)}: ${expected}. Only https is allowed, because answers name files.`)
  // It is how a mistake or an attacker reaches an internal network.
  if (!isLoopback && (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('[')))
    throw new SetupError(`${name} is ${shown(text)}: ${expected}, with a host name instead of an IP address.`)
  return url
}

/** @param text can contain `{bucket}`, `{key}` and `{report}` @throws SetupError */
export function parseLink(text: string, name: string): string {
  if (/^https?:\/\/[^\s"'<>]+$/.test(text)) return text
  throw new SetupError(`${name} is ${shown(text)}: expected an address, with {bucket}, {key} or {report} where they belong.`)
}
