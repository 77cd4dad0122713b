import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { HAS_MOTO, startMoto, type Moto } from '../support/moto.ts'
import type { RejectedPage, Overview, ReplayResult, UploadResult } from '../../cli/console/api-types.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually } from '../support/installation.ts'
import { Program, run } from '../support/program.ts'

/** A stack with the outputs of the deployed one. */
const TEMPLATE = {
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files-of-the-stack' } },
    Import: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'import' } },
    DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead-letters' } },
  },
  Outputs: {
    BucketName: { Value: { Ref: 'Bucket' } },
    ImportQueueUrl: { Value: { Ref: 'Import' } },
    DeadLetterQueueUrl: { Value: { Ref: 'DeadLetters' } },
  },
}

const DEAD_LETTER = {
  schema: 'kissmetrics-importer/dead-letter/v1',
  kind: 'line',
  reason: 'timestamp_in_milliseconds',
  detail: '',
  source: { bucket: 'files-of-the-stack', key: 'incoming/a.json', line: 1 },
  line: '{"_p":"a","_t":1393344604000,"_n":"x"}',
  attempts: 0,
  replays: 0,
  failedAt: '2026-01-01T00:00:00Z',
}

const withMoto = HAS_MOTO ? test : test.skip

let moto: Moto | undefined
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-stack-'))
  if (HAS_MOTO) moto = await startMoto()
  Object.assign(process.env, awsEnvironment())
})
afterAll(async () => {
  await moto?.stop()
  await rm(folder, { recursive: true })
})

/** Environment variables that point the AWS SDK to moto. */
function awsEnvironment(): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: moto?.url ?? '',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
}

function client() {
  return { endpoint: moto!.url, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
}

withMoto(
  'a deployed stack is found by its name, and its dead letters are fixed and replayed like those of local mode',
  async () => {
    const s3 = new S3Client({ ...client(), forcePathStyle: true })
    const sqs = new SQSClient(client())
    await new CloudFormationClient(client()).send(
      new CreateStackCommand({ StackName: 'KissmetricsImporter', TemplateBody: JSON.stringify(TEMPLATE) }),
    )
    const QueueUrl = `${moto!.url}/123456789012/dead-letters`
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(DEAD_LETTER) }))

    const km = (...args: readonly string[]) => runInProcess([...args, '--stack', 'KissmetricsImporter'])
    expect(await km('rejects', 'list')).toMatchObject({ code: 0, stderr: expect.stringContaining('1 dead letter') as unknown })
    const file = path.join(folder, 'r.jsonl')
    expect(await km('rejects', 'pull', '--fix', 'ms-timestamps', '--yes', '-o', file)).toMatchObject({ code: 0 })
    expect(await km('rejects', 'replay', file, '--yes')).toMatchObject({ code: 0 })

    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'files-of-the-stack' }))
    expect(Contents.map(({ Key }) => Key)).toEqual([
      expect.stringMatching(/^checkpoints\/replay-origins\/[-0-9a-f]{36}\.json$/),
      expect.stringMatching(/^incoming\/replays\/replay-[0-9a-f]{16}\.json$/),
    ])
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'files-of-the-stack', Key: Contents[1]!.Key }))
    expect(await Body!.transformToString()).toBe('{"_p":"a","_t":1393344604,"_n":"x"}\n')
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages ?? []).toEqual([])
    expect((await km('status')).stdout).toContain('No files yet.')
  },
)

withMoto('the console works on a deployed stack: it uploads a file, and shows, fixes and replays a dead letter', async () => {
  const s3 = new S3Client({ ...client(), forcePathStyle: true })
  const sqs = new SQSClient(client())
  const QueueUrl = `${moto!.url}/123456789012/dead-letters`
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(DEAD_LETTER) }))
  const program = new Program(['console', '--stack', 'KissmetricsImporter'], awsEnvironment())
  try {
    const address = await eventually('the address of the page', () => Promise.resolve(/^http:\S+$/m.exec(program.stdout)?.[0]))
    const ask = async <T>(what: string, body?: string, type = 'application/json') => {
      const { origin } = new URL(address)
      const init = body === undefined ? {} : { method: 'POST', body, headers: { origin, 'content-type': type } }
      return (await (await fetch(new URL(`api/${what}`, address), init)).json()) as T
    }
    expect(
      await ask<UploadResult>('upload?name=may.json', '{"_p":"a","_t":1393344604,"_n":"x"}\n', 'application/octet-stream'),
    ).toEqual({
      key: 'incoming/may.json',
    })
    expect(await ask<Overview>('overview')).toMatchObject({ deployment: 'KissmetricsImporter', waiting: { deadLetters: 1 } })
    const { rows } = await ask<RejectedPage>('rejected')
    expect(rows).toMatchObject([{ reason: 'timestamp_in_milliseconds', line: DEAD_LETTER.line }])
    const line = '{"_p":"a","_t":1393344604,"_n":"fixed"}'
    const { key } = await ask<ReplayResult>('replay', JSON.stringify({ lines: [{ id: rows[0]!.id, line }] }))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'files-of-the-stack', Key: key }))
    expect(await Body!.transformToString()).toBe(`${line}\n`)
    expect(await ask<RejectedPage>('rejected/refresh', '{}')).toMatchObject({ total: 0 })
  } finally {
    program.kill('SIGINT')
  }
  expect(await program.ended()).toMatchObject({ code: 0 })
})

withMoto('a stack that does not exist is an error that says what to check', async () => {
  expect(await run(['rejects', 'list', '--stack', 'Another'], awsEnvironment())).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^km-import: --stack is "Another": the stack could not be found .* Check the name, the region and your credentials\.\n$/,
    ) as unknown,
  })
})

withMoto('an error of AWS is shown in one line', async () => {
  const outputs = { ...TEMPLATE.Outputs, DeadLetterQueueUrl: { Value: `${moto!.url}/123456789012/none` } }
  const body = {
    Resources: { B: { Type: 'AWS::S3::Bucket' } },
    Outputs: { ...outputs, BucketName: { Value: 'b' }, ImportQueueUrl: { Value: 'i' } },
  }
  await new CloudFormationClient(client()).send(
    new CreateStackCommand({ StackName: 'Broken', TemplateBody: JSON.stringify(body) }),
  )
  expect(await runInProcess(['rejects', 'list', '--stack', 'Broken'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^km-import: A request to S3 or SQS failed \((.*NonExistentQueue|QueueDoesNotExist).*run the command again\.\n$/,
    ) as unknown,
  })
})

test('a replay needs an importer, even if there is nothing to send', async () => {
  const file = path.join(folder, 'empty.jsonl')
  await writeFile(file, '')
  expect(await runInProcess(['rejects', 'replay', file, '--state-dir', '/nowhere'])).toMatchObject({ code: 2 })
})
