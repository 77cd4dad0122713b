import { SetupError } from '../errors.ts'
import { TEXT_SETTINGS } from './names.ts'
import type { Env } from './numbers.ts'

/** A secret: where it is stored, or its value. */
export type SecretSetting = { readonly secretArn: string } | { readonly value: string }

/** @throws SetupError */
export function readApiKey(env: Env): SecretSetting {
  const secretArn = env[TEXT_SETTINGS.apiKeySecret]
  if (secretArn !== undefined && secretArn !== '') return { secretArn }
  const value = env[TEXT_SETTINGS.apiKey]?.trim()
  if (value !== undefined && value !== '') return { value }
  throw new SetupError(
    `No API key: neither ${TEXT_SETTINGS.apiKeySecret} (the ARN of a secret) nor ${TEXT_SETTINGS.apiKey} is set. Set one of them. Nothing was sent.`,
  )
}

/** Whether a key has the 40 hex digits of a Kissmetrics API key. Another one is worth a warning: it may be the key of something else. */
export function isUsualKey(key: string): boolean {
  return /^[0-9a-f]{40}$/i.test(key)
}
