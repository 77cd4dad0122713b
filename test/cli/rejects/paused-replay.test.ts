import { ListObjectsV2Command, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Deployment } from '../../../cli/deployment/deployment.ts'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { replayLines } from '../../../cli/rejects/replay-lines.ts'
import { scanDeadLetters } from '../../../cli/rejects/scan.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'

let clock: ManualClock
let cloud: TestDeployment
beforeEach(async () => {
  clock = new ManualClock(Date.now())
  cloud = await TestDeployment.start(clock.now)
})
afterEach(() => cloud[Symbol.asyncDispose]())

type S3Request = { readonly input: { readonly Key?: string; readonly Prefix?: string } }

/** The deployment, whose client stops before the first request to S3 of which `isMoment` is true until `pause` has ended. */
function pausedAt(isMoment: (request: S3Request) => boolean, pause: () => Promise<void>): Deployment {
  const { s3 } = cloud.deployment
  let isOver = false
  const send = async (request: S3Request, ...rest: readonly unknown[]): Promise<unknown> => {
    if (!isOver && isMoment(request)) {
      isOver = true
      await pause()
    }
    return (s3.send as (...all: readonly unknown[]) => Promise<unknown>).call(s3, request, ...rest)
  }
  return {
    ...cloud.deployment,
    s3: new Proxy(s3, { get: (target, name) => (name === 'send' ? send : (Reflect.get(target, name) as unknown)) }),
  }
}

async function uploads(): Promise<number> {
  const { Versions = [] } = await cloud.deployment.s3.send(
    new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'incoming/replays/' }),
  )
  return Versions.length
}

const readsRecords = (request: S3Request) =>
  request instanceof ListObjectsV2Command && request.input.Prefix === 'checkpoints/replays/'
const uploadsLines = (request: S3Request) =>
  request instanceof PutObjectCommand && request.input.Key?.startsWith('incoming/replays/') === true

describe('a replay of a dead letter in the queue', () => {
  test.each([
    ['stops before its upload for less time than the dead letter is hidden', 200_000, 1],
    ['stops before its upload until others can take the dead letter', 301_000, 0],
  ])('that %s', async (_what, pauseMs, uploaded) => {
    const lines = [{ id: await cloud.queue(deadLetterOf('{"a":1}')), line: '{"a":1}' }]
    const paused = pausedAt(readsRecords, () => {
      clock.advance(pauseMs)
      return Promise.resolve()
    })
    const replay = replayLines(paused, lines, NEVER, { time: clock })
    if (uploaded === 1) expect(await replay).toMatchObject({ lines: 1 })
    else await expect(replay).rejects.toThrow('Nothing was sent. Run the command again.')
    expect([await uploads(), await cloud.queued()]).toEqual([uploaded, 1 - uploaded])
  })

  test('that stops during its upload until another command has taken the dead letter is not sent again by the next replay', async () => {
    const lines = [{ id: await cloud.queue(deadLetterOf('{"a":1}')), line: '{"a":1}' }]
    let other: AsyncDisposable | undefined
    const paused = pausedAt(uploadsLines, async () => {
      clock.advance(301_000)
      other = await scanDeadLetters(cloud.deployment, () => true, NEVER, { time: clock })
    })
    expect(await replayLines(paused, lines, NEVER, { time: clock })).toMatchObject({ lines: 1 })
    // SQS has ignored the receipt of the first one.
    expect(await cloud.queued()).toBe(1)
    await other?.[Symbol.asyncDispose]()
    const edited = lines.map(({ id }) => ({ id, line: '{"a":2}' }))
    expect(await replayLines(cloud.deployment, edited, NEVER, { time: clock })).toMatchObject({
      lines: 0,
      uploadedBefore: 1,
      missing: 0,
    })
    expect([await uploads(), await cloud.queued()]).toEqual([1, 0])
  })
})
