import { SetupError } from '../errors.ts'
import { parseLink, parseWebAddress, shown } from './addresses.ts'
import type { SecretSetting } from './api-key.ts'
import { TEXT_SETTINGS } from './names.ts'
import type { Env } from './numbers.ts'

/** Where answers about files are pushed, and what they name. */
export interface AnswerSettings {
  readonly topicArn?: string
  readonly webhook?: URL
  /** Signs what the webhook receives. */
  readonly signingKey?: SecretSetting
  readonly link?: string
  readonly stack?: string
}

/** @returns undefined if answers are pushed nowhere @throws SetupError naming the first setting that is wrong */
export function readAnswerSettings(env: Env): AnswerSettings | undefined {
  const read = (name: string) => (env[name] === '' ? undefined : env[name])
  const topicArn = read(TEXT_SETTINGS.answerTopic)
  const webhook = read(TEXT_SETTINGS.answerWebhook)
  const link = read(TEXT_SETTINGS.answerLink)
  const stack = read(TEXT_SETTINGS.stack)
  if (topicArn !== undefined && !TOPIC_ARN.test(topicArn))
    throw new SetupError(`${TEXT_SETTINGS.answerTopic} is ${shown(topicArn)}: expected the ARN of an SNS topic.`)
  if (topicArn === undefined && webhook === undefined) return undefined
  const secretArn = read(TEXT_SETTINGS.answerSigningSecret)
  const value = read(TEXT_SETTINGS.answerSigningKey)
  return {
    ...(topicArn !== undefined && { topicArn }),
    ...(webhook !== undefined && { webhook: parseWebAddress(webhook, TEXT_SETTINGS.answerWebhook) }),
    ...(secretArn !== undefined ? { signingKey: { secretArn } } : value !== undefined && { signingKey: { value } }),
    ...(link !== undefined && { link: parseLink(link, TEXT_SETTINGS.answerLink) }),
    ...(stack !== undefined && { stack }),
  }
}

const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/
