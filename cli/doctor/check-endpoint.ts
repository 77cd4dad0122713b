import { codeOf } from '../../lambda/errors.ts'
import { isTlsError, openConnection, portOf } from '../network/connection.ts'
import { findingsOf, type Finding } from './finding.ts'

const PATIENCE_MS = 10_000

/**
 * Whether the endpoint can be reached from this computer.
 *
 * @param open opens a connection, and rejects with the error of Node if that is not possible
 */
export async function checkEndpoint(
  origin: string,
  open: (url: URL) => Promise<void> = (url) => openConnection(url, PATIENCE_MS),
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
