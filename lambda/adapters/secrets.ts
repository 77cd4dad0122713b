import {
  GetSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { ImporterSettings } from '../settings.ts'
import { SetupError } from '../errors.ts'
import { asSetupError } from './aws-errors.ts'

/** A rotated key is used at the latest after this time. */
const MAX_AGE_MS = 5 * 60_000

/**
 * The source of the API key: a setting or a secret.
 *
 * @returns a function that returns the key, from memory while it is fresh; it throws SetupError if the key is missing
 */
export function apiKeySource(apiKey: ImporterSettings['apiKey'], now: () => number): () => Promise<string> {
  if ('value' in apiKey) return () => Promise.resolve(apiKey.value)
  const client = new SecretsManagerClient({})
  let cached: { readonly key: string; readonly at: number } | undefined
  return async () => {
    if (cached === undefined || now() - cached.at > MAX_AGE_MS)
      cached = { key: await readSecret(client, apiKey.secretArn), at: now() }
    return cached.key
  }
}

async function readSecret(client: SecretsManagerClient, secretArn: string): Promise<string> {
  const fix = `Store the API key of your Kissmetrics product: aws secretsmanager put-secret-value --secret-id ${secretArn} --secret-string YOUR_KEY`
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }))
    const key = SecretString?.trim() ?? ''
    if (key === '' || /\s/.test(key)) throw new SetupError(`The secret ${secretArn} does not contain an API key. ${fix}`)
    return key
  } catch (error) {
    // Secrets Manager reports a secret without a value as "not found" too: it has no current version.
    if (error instanceof ResourceNotFoundException)
      throw new SetupError(`The secret ${secretArn} does not exist or has no value. ${fix}`, { cause: error })
    if (error instanceof InvalidRequestException && /deletion/i.test(error.message)) {
      const restore = `aws secretsmanager restore-secret --secret-id ${secretArn}`
      throw new SetupError(`The secret ${secretArn} is to be deleted. Keep it: ${restore}`, { cause: error })
    }
    throw asSetupError(error, `read the secret ${secretArn}`)
  }
}
