import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { startSns, type SnsEmulator } from '../../../emulators/sns/server.ts'
import { answerTopic } from '../../../lambda/adapters/sns.ts'
import { withTexts } from '../../../lambda/answers/answer-text.ts'
import { missingFacts } from '../../../lambda/jobs/answer-facts.ts'

const TOPIC = 'arn:aws:sns:eu-west-1:000000000000:answers'
const CREDENTIALS = { accessKeyId: 'key-id', secretAccessKey: 'secret' }
const EXPECTED = { bucket: 'b', prefix: 'incoming/ü & <ö>/', since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' }
const ANSWER = withTexts(missingFacts(EXPECTED, { commandOptions: '' }))

let sns: SnsEmulator
beforeAll(async () => {
  sns = await startSns({ topics: [TOPIC], credentials: CREDENTIALS })
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SNS: sns.url,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_MAX_ATTEMPTS: '2',
  })
})
afterAll(() => sns.stop())
beforeEach(() => {
  Object.assign(sns.faults, { unavailable: 0, denied: 0, answerLost: 0 })
})

test('people read the message, and programs its attributes', async () => {
  expect(await answerTopic(TOPIC).push(ANSWER)).toEqual({ kind: 'accepted' })
  const { topicArn, subject, message, attributes } = sns.published.at(-1)!
  expect({ topicArn, subject, message }).toEqual({ topicArn: TOPIC, subject: ANSWER.subject, message: ANSWER.text })
  expect(attributes).toMatchObject({ id: ANSWER.id, state: 'missing' })
  expect(JSON.parse(attributes['answer'] ?? '')).toEqual(ANSWER)
})

test('a short failure is tried again by the client', async () => {
  sns.faults.unavailable = 1
  expect(await answerTopic(TOPIC).push(ANSWER)).toEqual({ kind: 'accepted' })
})

test('an outage is tried again later', async () => {
  sns.faults.unavailable = 2
  expect(await answerTopic(TOPIC).push(ANSWER)).toMatchObject({ kind: 'failed' })
})

test.each([
  ['a permission that is missing', () => (sns.faults.denied = 1), TOPIC, 'its role has no permission'],
  ['a topic that does not exist', () => undefined, `${TOPIC}-old`, 'The SNS topic for answers does not exist'],
])('%s needs a person', async (_name, break_, topic, detail) => {
  break_()
  const result = await answerTopic(topic).push(ANSWER)
  expect(result).toMatchObject({ kind: 'setup' })
  expect(result).toHaveProperty('detail', expect.stringContaining(detail))
})

test('an answer that SNS does not accept is refused', async () => {
  const result = await answerTopic(TOPIC).push({ ...ANSWER, subject: 'two\nlines' })
  expect(result).toMatchObject({ kind: 'refused' })
})

test('the emulator refuses what is not signed', async () => {
  const body = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', TopicArn: TOPIC, Message: 'x' })
  expect((await fetch(sns.url, { method: 'POST', body })).status).toBe(403)
})
