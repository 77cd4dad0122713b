/** The names of the settings that are text. */
export const TEXT_SETTINGS = {
  /** The Kissmetrics endpoint: an https origin (http on loopback only). */
  endpoint: 'KM_ENDPOINT',
  /** ARN of the Secrets Manager secret that holds the API key. */
  apiKeySecret: 'KM_API_KEY_SECRET',
  /** The API key itself. For use outside AWS: the stack never sets it. */
  apiKey: 'KM_API_KEY',
  deadLetterQueueUrl: 'KM_DEAD_LETTER_QUEUE_URL',
  importQueueUrl: 'KM_IMPORT_QUEUE_URL',
  /** The bucket of the importer: files under `incoming/`, reports, checkpoints, archived dead letters. */
  bucket: 'KM_BUCKET',
  /** Where files are uploaded to: `s3://BUCKET/PREFIX`, separated by commas. Without it, `incoming/` in the bucket of the importer. */
  sources: 'KM_SOURCES',
  /** ARN of an SNS topic that answers about files are published to. */
  answerTopic: 'KM_ANSWER_TOPIC',
  /** https address that answers about files are posted to (http on loopback only). */
  answerWebhook: 'KM_ANSWER_WEBHOOK',
  /** ARN of the Secrets Manager secret with the key that answers to the webhook are signed with. */
  answerSigningSecret: 'KM_ANSWER_SIGNING_SECRET',
  /** That key itself. For use outside AWS: the stack never sets it. */
  answerSigningKey: 'KM_ANSWER_SIGNING_KEY',
  /** Address in each answer, with `{bucket}`, `{key}` and `{report}`. */
  answerLink: 'KM_ANSWER_LINK',
  /** Name of the stack, for the commands in answers. */
  stack: 'KM_STACK',
} as const
