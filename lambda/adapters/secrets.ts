import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { ImporterSettings } from '../settings.ts'
import { SetupError } from '../errors.ts'

/** A rotated key is taken up by the first invocation after this. */
const MAX_AGE_MS = 5 * 60_000

/**
 * Where the API key comes from.
 *
 * @returns a function that gives the key, from memory while it is fresh, and throws SetupError where there is none
 */
export function apiKeySource(apiKey: ImporterSettings['apiKey'], now: () => number): () => Promise<string> {
  if ('value' in apiKey) return () => Promise.resolve(apiKey.value)
  const client = new SecretsManagerClient({})
  let kept: { readonly key: string; readonly at: number } | undefined
  return async () => {
    if (kept === undefined || now() - kept.at > MAX_AGE_MS) kept = { key: await readSecret(client, apiKey.secretArn), at: now() }
    return kept.key
  }
}

async function readSecret(client: SecretsManagerClient, secretArn: string): Promise<string> {
  const fix = `Put the API key of your Kissmetrics product there: aws secretsmanager put-secret-value --secret-id ${secretArn} --secret-string YOUR_KEY`
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }))
    const key = SecretString?.trim() ?? ''
    if (key === '' || /\s/.test(key)) throw new SetupError(`The secret ${secretArn} holds no API key. ${fix}`)
    return key
  } catch (error) {
    // A secret that was made without a value has no current version, and is "not found" like one that is not there.
    if (error instanceof ResourceNotFoundException)
      throw new SetupError(`The secret ${secretArn} has no value. ${fix}`, { cause: error })
    throw error
  }
}
