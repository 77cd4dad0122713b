import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { localDeployment, type Deployment } from '../../../cli/deployment/deployment.ts'
import { countMessages } from '../../../cli/deployment/queue-depth.ts'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { startLocalServices } from '../../../cli/local/services.ts'
import { contentOf } from '../../../cli/rejects/content.ts'
import type { StoredDeadLetter } from '../../../cli/rejects/stored-dead-letter.ts'
import {
  ARCHIVED_SCHEMA,
  archivedText,
  readArchived,
  type ArchivedDeadLetter,
  type Claim,
} from '../../../lambda/archive/archived.ts'
import { lineField, toBody, type DeadLetter, type LineGroup } from '../../../lambda/settle/dead-letter.ts'
import { QUICK_WAITS, TEST_WIRING } from '../../support/installation.ts'

/** The dead letter of a line. */
export function deadLetterOf(line: string | Buffer, extra: Partial<DeadLetter> = {}): DeadLetter {
  return {
    schema: 'kissmetrics-importer/dead-letter/v1',
    kind: 'line',
    reason: 'invalid_json',
    detail: 'It is wrong.',
    source: { bucket: BUCKET, key: 'incoming/a.json', line: 7 },
    ...lineField(line, Buffer.byteLength(line)),
    attempts: 0,
    replays: 0,
    failedAt: '2026-01-01T00:00:00Z',
    ...extra,
  }
}

/** 12,000 lines that share a dead letter. */
export const GROUP: LineGroup = {
  lines: 12_000,
  ranges: [
    [2, 11_000],
    [12_001, 13_001],
  ],
  examples: [{ number: 2, byteStart: 10, byteEnd: 20, detail: 'It is wrong.', line: '{"_p":"a"}' }],
}

/** A message of the dead-letter queue, as a scan reads it. */
export function storedDeadLetter(body: string, extra: Partial<StoredDeadLetter> = {}): StoredDeadLetter {
  const content = contentOf(body)
  return { id: 'm-1', sentAt: new Date(0), body, content, status: 'queued', isIncludedByDefault: true, ...extra }
}

/** S3 and SQS of an importer, without the importer. */
export class TestDeployment implements AsyncDisposable {
  readonly deployment: Deployment
  readonly #stop: () => Promise<void>

  private constructor(deployment: Deployment, stop: () => Promise<void>) {
    this.deployment = deployment
    this.#stop = stop
  }

  /** @param now clock of the queues; default: the system clock */
  static async start(now?: () => number): Promise<TestDeployment> {
    const folder = await mkdtemp(path.join(tmpdir(), 'km-deployment-'))
    const cloud = await startLocalServices(
      folder,
      0,
      TEST_WIRING,
      now === undefined ? { waitScale: QUICK_WAITS } : { now, waitScale: 0 },
    )
    return new TestDeployment({ ...localDeployment(cloud), deadLettersExpire: true }, async () => {
      await cloud.stop()
      await rm(folder, { recursive: true })
    })
  }

  /** Sends a message to the dead-letter queue. @returns its id */
  async queue(body: string | DeadLetter): Promise<string> {
    const { sqs, deadLetterQueueUrl: QueueUrl } = this.deployment
    const MessageBody = typeof body === 'string' ? body : toBody(body)
    const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))
    return MessageId
  }

  /** Stores a dead letter under `archived/`, in a file of its own. */
  archive(id: string, body: DeadLetter, why: ArchivedDeadLetter['why']): Promise<void> {
    return this.archiveAll([id], body, why)
  }

  /** Stores dead letters under `archived/`, in one file. */
  async archiveAll(ids: readonly string[], deadLetter: DeadLetter, why: ArchivedDeadLetter['why']): Promise<void> {
    const at = '2026-03-20T12:00:00Z'
    const body = toBody(deadLetter)
    const archived = ids.map((id) => ({ schema: ARCHIVED_SCHEMA, id, sentAt: at, archivedAt: at, why, body }) as const)
    await this.put(archivedFileOf(ids), archivedText(archived))
  }

  /** Marks archived dead letters, stored together, as taken by a replay. */
  async claim(
    deadLetters: readonly { readonly id: string }[],
    { file: replayFile, run }: Pick<Claim, 'file' | 'run'>,
    at = new Date(),
  ): Promise<void> {
    const file = archivedFileOf(deadLetters.map(({ id }) => id))
    const claim = { file: replayFile, run, at: at.toISOString() }
    await this.put(file, archivedText(readArchived(await this.read(file)).map((deadLetter) => ({ ...deadLetter, claim }))))
  }

  async put(key: string, text: string): Promise<string | undefined> {
    const { ETag } = await this.deployment.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }))
    return ETag
  }

  async read(key: string, VersionId?: string): Promise<string> {
    const { Body } = await this.deployment.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, VersionId }))
    return (await Body?.transformToString()) ?? ''
  }

  /** Messages of the dead-letter queue that other consumers can see now. */
  async visible(): Promise<readonly string[]> {
    const { sqs, deadLetterQueueUrl: QueueUrl } = this.deployment
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    )
    return Messages.map(({ MessageId = '' }) => MessageId).sort()
  }

  /** Messages of the dead-letter queue, hidden ones too. */
  queued(): Promise<number> {
    return countMessages(this.deployment.sqs, this.deployment.deadLetterQueueUrl)
  }

  /** Empties the dead-letter queue. */
  async purge(): Promise<void> {
    const { sqs, deadLetterQueueUrl: QueueUrl } = this.deployment
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
      if (Messages.length === 0) return
      for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop()
  }
}

function archivedFileOf([first = '']: readonly string[]): string {
  return `archived/2026-03-20/${first}.jsonl`
}

/** A signal that is never aborted. */
export const NEVER = new AbortController().signal
