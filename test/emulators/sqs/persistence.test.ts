import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { describe, expect, test } from '@jest/globals'
import { startSqs } from '../../../emulators/sqs/server.ts'
import { SetupError } from '../../../lambda/errors.ts'
import { attributesOf, bodies, connect, countsOf, create, createPair, localSqs, only, receive, sendText } from './local-sqs.ts'

describe('after a restart', () => {
  test('queues and messages are unchanged', async () => {
    const before = await localSqs()
    const { queue } = await createPair(before.sqs, 'q', 2)
    const MessageAttributes = { reason: { DataType: 'String', StringValue: 'not_json' } }
    await before.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'é 😀', MessageAttributes }))
    await before.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'later', DelaySeconds: 900 }))
    const attributes = await attributesOf(before.sqs, queue)

    await using after = await before.restart()
    const url = after.server.queueUrl('q') // the port is another one
    expect(await attributesOf(after.sqs, url)).toEqual(attributes)
    expect(await countsOf(after.sqs, url)).toEqual([1, 0, 1])
    expect(await only(receive(after.sqs, url, { MessageAttributeNames: ['All'] }))).toMatchObject({
      Body: 'é 😀',
      MessageAttributes,
    })
  })

  test('messages in flight are visible, because their consumers ended too', async () => {
    const before = await localSqs()
    const queue = await create(before.sqs, 'q')
    await sendText(before.sqs, queue, 'x')
    await only(receive(before.sqs, queue, { VisibilityTimeout: 43_200 }))
    await before.sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'delayed', DelaySeconds: 900 }))

    await using after = await before.restart()
    const message = await only(receive(after.sqs, after.server.queueUrl('q')))
    expect(message).toMatchObject({ Body: 'x', Attributes: { ApproximateReceiveCount: '1' } })
  })

  test('with releaseAfterMs they are visible only then, because their consumers may hold leases of their own', async () => {
    let now = Date.now()
    const before = await localSqs({ now: () => now, releaseAfterMs: 3_000 })
    await sendText(before.sqs, await create(before.sqs, 'q'), 'x')
    await only(receive(before.sqs, before.server.queueUrl('q'), { VisibilityTimeout: 43_200 }))

    await using after = await before.restart()
    expect(await receive(after.sqs, after.server.queueUrl('q'))).toEqual([])
    now += 3_000
    expect(await bodies(after.sqs, after.server.queueUrl('q'))).toEqual(['x'])
  })

  test('with releaseInFlightOnStart: false they stay in flight, and their receipt handles stay valid', async () => {
    const before = await localSqs({ releaseInFlightOnStart: false })
    const queue = await create(before.sqs, 'q')
    await sendText(before.sqs, queue, 'x')
    const { ReceiptHandle } = await only(receive(before.sqs, queue))

    await using after = await before.restart()
    const url = after.server.queueUrl('q')
    expect(await receive(after.sqs, url)).toEqual([])
    await after.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }))
    expect(await countsOf(after.sqs, url)).toEqual([0, 0, 0])
  })

  test('deliveries that ended before the restart still count', async () => {
    const before = await localSqs()
    const { queue } = await createPair(before.sqs, 'q', 1)
    await sendText(before.sqs, queue, 'x')
    await only(receive(before.sqs, queue, { VisibilityTimeout: 0 }))

    await using after = await before.restart()
    expect(await receive(after.sqs, after.server.queueUrl('q'))).toEqual([])
    expect(await bodies(after.sqs, after.server.queueUrl('q-dead'))).toEqual(['x'])
  })

  test('a delivery that the restart has cut short does not count, however often that happens', async () => {
    let local = await localSqs()
    await sendText(local.sqs, (await createPair(local.sqs, 'q', 1)).queue, 'x')
    for (let restart = 1; restart <= 3; restart += 1) {
      await only(receive(local.sqs, local.server.queueUrl('q')))
      local = await local.restart()
    }
    expect(await bodies(local.sqs, local.server.queueUrl('q'))).toEqual(['x'])
    await local[Symbol.asyncDispose]()
  })

  test('the path of an earlier queue URL still finds the queue', async () => {
    const before = await localSqs()
    const { pathname } = new URL(await create(before.sqs, 'q'))

    await using after = await before.restart()
    await sendText(after.sqs, after.server.url + pathname, 'y')
    expect(await bodies(after.sqs, after.server.queueUrl('q'))).toEqual(['y'])
  })
})

test('a file of another version is rejected and left unchanged', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-sqs-'))
  const file = path.join(dir, 'sqs.sqlite')
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE queues (name TEXT); PRAGMA user_version = 7')
  db.close()
  const start = startSqs({ dir })
  await expect(start).rejects.toBeInstanceOf(SetupError)
  await expect(start).rejects.toThrow(
    `${file} holds queues of version 7; this program reads version 2. Let the program that wrote it empty them, then delete the file.`,
  )
  const after = new DatabaseSync(file)
  expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'queues' }])
  after.close()
  await rm(dir, { recursive: true })
})

describe('after a crash at any time', () => {
  test.each([1, 7, 40])(
    'after %i batches, it has all that it said it took, and what it said it deleted stays deleted',
    async (batches) => {
      const dir = await mkdtemp(path.join(tmpdir(), 'km-sqs-'))
      const child = spawn(process.execPath, [path.join(import.meta.dirname, 'server-process.ts'), dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const sqs = await connect(line.toString().trim())
      const queue = await create(sqs, 'q')
      const taken = new Set<string>()
      const lanes = Array.from({ length: 4 }, (_, lane) => sendUntilItDies(sqs, queue, lane, taken))
      await reached(() => taken.size >= batches * 10)
      const gone = await only(receive(sqs, queue, { MaxNumberOfMessages: 1 }))
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: gone.ReceiptHandle }))
      child.kill('SIGKILL')
      await once(child, 'exit')
      await Promise.all(lanes)
      sqs.destroy()

      await using after = await localSqs({ dir })
      const found: string[] = []
      for (;;) {
        const messages = await receive(after.sqs, after.server.queueUrl('q'))
        if (messages.length === 0) break
        found.push(...messages.map(({ MessageId }) => MessageId!))
      }
      expect(new Set(found).size).toBe(found.length)
      expect(found).not.toContain(gone.MessageId)
      taken.delete(gone.MessageId!)
      expect([...taken].filter((id) => !found.includes(id))).toEqual([])
    },
  )
})

async function sendUntilItDies(sqs: SQSClient, queue: string, lane: number, taken: Set<string>): Promise<void> {
  for (let batch = 0; ; batch += 1) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: `e${index}`, MessageBody: `${lane} ${batch} ${index}` }))
    try {
      const { Successful = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }))
      for (const { MessageId } of Successful) taken.add(MessageId!)
    } catch {
      return
    }
  }
}

async function reached(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('a released message stays released', async () => {
  const before = await localSqs({ releaseInFlightOnStart: false })
  const queue = await create(before.sqs, 'q')
  await sendText(before.sqs, queue, 'x')
  const { ReceiptHandle } = await only(receive(before.sqs, queue))
  await before.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle, VisibilityTimeout: 0 }))
  await using after = await before.restart()
  expect(await bodies(after.sqs, after.server.queueUrl('q'))).toEqual(['x'])
})
