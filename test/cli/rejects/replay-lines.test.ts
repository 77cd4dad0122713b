import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { replayLines } from '../../../cli/rejects/replay-lines.ts'
import { ReplayUpload, type EditedLine } from '../../../cli/rejects/replay-upload.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'

let cloud: TestDeployment
beforeAll(async () => {
  cloud = await TestDeployment.start()
})
afterEach(() => cloud.purge())
afterAll(() => cloud[Symbol.asyncDispose]())

async function queueLines(...lines: readonly string[]): Promise<readonly EditedLine[]> {
  return Promise.all(lines.map(async (line) => ({ id: await cloud.queue(deadLetterOf(line)), line })))
}

async function keysLike(name: string): Promise<readonly string[]> {
  const { Contents = [] } = await cloud.deployment.s3.send(
    new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `incoming/replays/${name}` }),
  )
  return Contents.map(({ Key = '' }) => Key)
}

describe('a replay', () => {
  test('uploads the lines as one file, then removes their dead letters', async () => {
    const lines = await queueLines('{"a":1}', '{"b":2}')
    const { key = '', ...counts } = await replayLines(cloud.deployment, 'My file!.jsonl', lines, () => false, NEVER)
    expect(counts).toEqual({ lines: 2, uploadedBefore: 0, missing: 0 })
    expect(key).toMatch(/^incoming\/replays\/My-file--[0-9a-f]{16}\.json$/)
    expect(await cloud.read(key)).toBe('{"a":1}\n{"b":2}\n')
    expect(await cloud.queued()).toBe(0)
  })

  test('leaves the dead letters of other lines, and those that the caller keeps', async () => {
    const [sent, kept] = await queueLines('{"a":1}', '{"b":2}')
    const other = await cloud.queue(deadLetterOf('{"c":3}'))
    await replayLines(cloud.deployment, 'some', [sent!, kept!], (id) => id === kept!.id, NEVER)
    expect(await cloud.visible()).toEqual([kept!.id, other].sort())
  })

  test('that was interrupted after the upload only removes the dead letters, and sends nothing twice', async () => {
    const lines = await queueLines('{"a":1}', '{"a":1}')
    const upload = new ReplayUpload(cloud.deployment, 'again', lines)
    await upload.uploadedLines()
    await upload.upload(lines)
    const result = await replayLines(cloud.deployment, 'again', lines, () => false, NEVER)
    expect(result).toEqual({ key: undefined, lines: 0, uploadedBefore: 2, missing: 0 })
    expect(await keysLike('again')).toHaveLength(1)
    expect(await cloud.queued()).toBe(0)
  })

  test('that was interrupted in its second part uploads the rest as a part of its own', async () => {
    const lines = await queueLines('{"a":1}', '{"b":2}')
    const upload = new ReplayUpload(cloud.deployment, 'parts', lines)
    await upload.uploadedLines()
    await upload.upload(lines.slice(0, 1))
    const { key = '', ...counts } = await replayLines(cloud.deployment, 'parts', lines, () => false, NEVER)
    expect(counts).toEqual({ lines: 1, uploadedBefore: 1, missing: 0 })
    expect(key).toMatch(/-2\.json$/)
    expect(await cloud.read(key)).toBe('{"b":2}\n')
  })

  test('does not send a line whose dead letter is not there', async () => {
    const result = await replayLines(cloud.deployment, 'gone', [{ id: 'gone', line: '{"a":1}' }], () => false, NEVER)
    expect(result).toEqual({ key: undefined, lines: 0, uploadedBefore: 0, missing: 1 })
    expect(await keysLike('gone')).toEqual([])
  })

  test('of the same lines, rejected again as new dead letters, is a new file', async () => {
    const [first] = await queueLines('{"a":1}')
    const [second] = await queueLines('{"a":1}')
    await replayLines(cloud.deployment, 'twice', [first!], () => false, NEVER)
    expect(await replayLines(cloud.deployment, 'twice', [second!], () => false, NEVER)).toMatchObject({ lines: 1 })
    expect(await keysLike('twice')).toHaveLength(2)
  })
})
