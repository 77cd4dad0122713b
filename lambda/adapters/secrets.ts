import {
  GetSecretValueCommand,
  InvalidRequestException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { SecretSetting } from '../settings/api-key.ts'
import type { ImporterSettings } from '../settings/settings.ts'
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
  return secretSource(apiKey, now, {
    holds: 'an API key',
    store: 'the API key of your Kissmetrics product',
    placeholder: 'YOUR_KEY',
  })
}

/** What a secret is for, in the words of its messages. */
export interface SecretTexts {
  readonly holds: string
  /** What a person should store in it. */
  readonly store: string
  readonly placeholder: string
}

/** The same for any secret that is one word. */
export function secretSource(secret: SecretSetting, now: () => number, texts: SecretTexts): () => Promise<string> {
  if ('value' in secret) return () => Promise.resolve(secret.value)
  const client = new SecretsManagerClient({})
  let cached: { readonly value: string; readonly at: number } | undefined
  return async () => {
    if (cached === undefined || now() - cached.at > MAX_AGE_MS)
      cached = { value: await readSecret(client, secret.secretArn, texts), at: now() }
    return cached.value
  }
}

async function readSecret(client: SecretsManagerClient, secretArn: string, texts: SecretTexts): Promise<string> {
  const { holds, store, placeholder } = texts
  const fix = `Store ${store}: aws secretsmanager put-secret-value --secret-id ${secretArn} --secret-string ${placeholder}`
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }))
    const value = SecretString?.trim() ?? ''
    if (value === '' || /\s/.test(value)) throw new SetupError(`The secret ${secretArn} does not contain ${holds}. ${fix}`)
    return value
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
