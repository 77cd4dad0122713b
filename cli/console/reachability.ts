import type { Deployment } from '../deployment/deployment.ts'
import { nameUnreachable } from '../network/name-unreachable.ts'

/** The page asks every second, and a server can be away for a moment. */
const CHECK_EVERY_MS = 15_000

/**
 * Looks now and then whether this computer reaches the endpoint. The function of a stack sends from another network, and the emulator is on
 * this computer: then there is nothing to look for.
 *
 * @returns a function that says why the endpoint was not reached, as far as it is known; it never waits
 */
export function reachabilityOf({ emulatorUrl, endpointHost, apiKeySecretArn }: Deployment): () => string | undefined {
  if (endpointHost === undefined || emulatorUrl !== undefined || apiKeySecretArn !== undefined) return () => undefined
  const url = endpointUrl(endpointHost)
  let problem: string | undefined
  let checkedAt = -Infinity
  return () => {
    if (performance.now() - checkedAt >= CHECK_EVERY_MS) {
      checkedAt = performance.now()
      let found: string | undefined
      void nameUnreachable(url, (text) => (found = text)).then(() => {
        problem = found
      })
    }
    return problem
  }
}

/** Only an endpoint on this computer may be without TLS. */
function endpointUrl(host: string): URL {
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host)
  return new URL(`${isLocal ? 'http' : 'https'}://${host}`)
}
