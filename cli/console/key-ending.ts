import { apiKeySource } from '../../lambda/adapters/secrets.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { keyEndingOf } from '../deployment/send-target.ts'

/** After a failed read, the secret is left alone for this time: the page asks every few seconds. */
const RETRY_MS = 60_000

/**
 * The last characters of the API key that a deployment sends with.
 *
 * @returns a function that returns undefined if these credentials may not read the secret: the page works without it
 */
export function keyEndingSource({ keyEnding, apiKeySecretArn }: Deployment): () => Promise<string | undefined> {
  if (apiKeySecretArn === undefined) return () => Promise.resolve(keyEnding)
  const readKey = apiKeySource({ secretArn: apiKeySecretArn }, Date.now)
  let failedAt = -Infinity
  return async () => {
    if (Date.now() - failedAt < RETRY_MS) return undefined
    try {
      return keyEndingOf(await readKey())
    } catch {
      failedAt = Date.now()
      return undefined
    }
  }
}
