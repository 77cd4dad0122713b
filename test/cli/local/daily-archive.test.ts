import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { countMessages } from '../../../cli/deployment/queue-depth.ts'
import { DailyArchive } from '../../../cli/local/daily-archive.ts'
import { startLocalServices, type LocalServices } from '../../../cli/local/services.ts'
import { ARCHIVE_SCHEMA } from '../../../lambda/keys.ts'
import { TEST_WIRING } from '../../support/installation.ts'

const DAY_MS = 24 * 60 * 60_000

let folder: string
let now: number
let services: LocalServices
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-daily-archive-'))
  now = Date.now()
  services = await startLocalServices(
    folder,
    0,
    { ...TEST_WIRING, bucket: { versioned: true, notifications: [] } },
    { now: () => now, waitScale: 0 },
  )
})
afterEach(async () => {
  await services.stop()
  await rm(folder, { recursive: true })
})

/** Takes the messages out of the import queue. */
async function requests(): Promise<readonly (string | undefined)[]> {
  const { Messages = [] } = await services.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: services.importQueueUrl, MaxNumberOfMessages: 10 }),
  )
  await services.sqs.send(new PurgeQueueCommand({ QueueUrl: services.importQueueUrl }))
  return Messages.map(({ Body }) => Body)
}

async function addDeadLetter(): Promise<void> {
  await services.sqs.send(new SendMessageCommand({ QueueUrl: services.deadLetterQueueUrl, MessageBody: 'a dead letter' }))
}

const ASKED = [JSON.stringify({ schema: ARCHIVE_SCHEMA })]

test('a dead letter is never deleted, so a run with --once that follows months later still counts it', async () => {
  await addDeadLetter()
  now += 100 * DAY_MS
  expect(await countMessages(services.sqs, services.deadLetterQueueUrl)).toBe(1)
})

test('dead letters are archived when they are ten days old, with one request a day', async () => {
  const archive = new DailyArchive(services)
  const asked = async (afterDays: number) => {
    now += afterDays * DAY_MS
    await archive.check(now)
    return requests()
  }
  expect(await asked(0)).toEqual([]) // no dead letters
  await addDeadLetter()
  expect(await asked(9.9)).toEqual([])
  expect(await asked(0.2)).toEqual(ASKED)
  expect(await asked(0.5)).toEqual([])
  expect(await asked(0.6)).toEqual(ASKED)
})
