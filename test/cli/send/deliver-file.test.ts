import { PassThrough } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { deliverFile, type SendOptions, type SendResult } from '../../../cli/send/deliver-file.ts'
import { findFile } from '../../../cli/send/files.ts'
import { SendState } from '../../../cli/send/state.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { beginCheckpoint } from '../../../lambda/settle/checkpoint.ts'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { TestFolder } from './sent-file.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'

const MINUTE_MS = 60_000
const TOOK: Answer = { kind: 'status', status: 200 }
const DOWN: Answer = { kind: 'status', status: 503 }

/** Every twentieth line is invalid. */
const LINES = Array.from({ length: 100 }, (_, index) =>
  index % 20 === 19 ? `{"_p":"p${index}","_n":"x"}` : `{"_p":"p${index}","_t":1393344604,"_n":"Visited"}`,
).join('\n')

const LIMITS: SendOptions['limits'] = {
  maxInFlight: 16,
  maxLineBytes: 262_144,
  maxLinesPerSecond: 0,
  segmentBytes: Number.MAX_SAFE_INTEGER,
  checkpointMs: 1_000,
  deadlineMarginMs: 0,
  hold: HOLD_NOTHING,
}

interface Run {
  readonly result: SendResult
  readonly output: string
  readonly minutes: number
}

/** Sends a file through an endpoint that is a function of the time. */
async function deliver(
  folder: TestFolder,
  answerAt: (minute: number) => Answer,
  options: Partial<SendOptions> = {},
): Promise<Run> {
  const clock = new VirtualClock()
  const start = clock.now()
  const minutes = (): number => (clock.now() - start) / MINUTE_MS
  const file = await findFile(folder.at('a.jsonl'))
  let text = ''
  const output = new PassThrough().setEncoding('utf8').on('data', (more: string) => (text += more))
  const result = await deliverFile(file, await SendState.read(file, new Date(clock.now())), {
    apiKey: 'k'.repeat(40),
    endpoint: promisedEndpoint(async () => {
      await clock.sleep(100)
      return answerAt(minutes())
    }),
    clock,
    limits: LIMITS,
    rules: [],
    lines: 100,
    label: '',
    output,
    signal: new AbortController().signal,
    isAttended: false,
    ...options,
  })
  return { result, output: text, minutes: minutes() }
}

const ALL_DELIVERED = { kind: 'ended', report: { lines: { total: 100, delivered: 95, rejected: 5, undeliverable: 0 } } }

describe('an outage', () => {
  test('is waited for, the user sees why, and no line becomes undeliverable', async () => {
    await using folder = await TestFolder.create()
    await folder.write('a.jsonl', LINES)
    const { result, output } = await deliver(folder, (minute) => (minute < 10 ? DOWN : TOOK))
    expect(result).toMatchObject(ALL_DELIVERED)
    expect(output).toContain('the endpoint is down; trying again soon. Press Ctrl-C to stop and continue later\n')
  })

  test('of an hour is waited for as long as a user is there', async () => {
    await using folder = await TestFolder.create()
    await folder.write('a.jsonl', LINES)
    const { result } = await deliver(folder, (minute) => (minute < 60 ? DOWN : TOOK), { isAttended: true })
    expect(result).toMatchObject(ALL_DELIVERED)
  })

  test('ends an unattended command after 15 minutes, and the same command continues', async () => {
    await using folder = await TestFolder.create()
    await folder.write('a.jsonl', LINES)
    const { result, minutes } = await deliver(folder, () => DOWN)
    expect(result).toEqual({ kind: 'given-up', settled: expect.any(Number) })
    expect(minutes).toBeGreaterThan(15)
    expect(minutes).toBeLessThan(60)
    expect((await deliver(folder, () => TOOK)).result).toMatchObject(ALL_DELIVERED)
  })
})

test('an interrupted send reports how far it got, and the same command continues', async () => {
  await using folder = await TestFolder.create()
  await folder.write('a.jsonl', LINES)
  const interruption = new AbortController()
  let requests = 0
  const { result } = await deliver(
    folder,
    () => {
      requests += 1
      if (requests === 30) interruption.abort()
      return TOOK
    },
    { signal: interruption.signal },
  )
  expect(result).toMatchObject({ kind: 'interrupted' })
  const before = requests
  const count = (): Answer => {
    requests += 1
    return TOOK
  }
  expect((await deliver(folder, count)).result).toMatchObject(ALL_DELIVERED)
  expect([before < 95, requests]).toEqual([true, 95])
})

/** The state of a file that another run works on. @param until when its lease ends, in milliseconds since 1970 */
async function holdUntil(folder: TestFolder, until: number): Promise<void> {
  await folder.write('a.jsonl', LINES)
  const state = await SendState.read(await findFile(folder.at('a.jsonl')), new Date())
  const begun = beginCheckpoint(undefined, {
    start: { line: 0, byte: 0 },
    startedAt: '',
    hasCrashed: false,
    maxRepeats: 0,
    maxUnsaved: 20,
  })
  await state.checkpoints.put({ bucket: '', key: '' }, { ...begun, leaseHolder: { run: 'other', serial: 1, until } }, undefined)
}

test('a second send of the same file, while the first one runs, stops with a message', async () => {
  await using folder = await TestFolder.create()
  await holdUntil(folder, Number.MAX_SAFE_INTEGER)
  await expect(deliver(folder, () => TOOK)).rejects.toThrow(
    /^Another km-import send is working on .*a\.jsonl\. Wait until it ends, or stop it; then run the same command again\.$/,
  )
})

test('the send after one that was killed a moment ago waits for its lease, and says why', async () => {
  await using folder = await TestFolder.create()
  await holdUntil(folder, new VirtualClock().now() + 2_500)
  const { result, output } = await deliver(folder, () => TOOK)
  expect(result).toMatchObject(ALL_DELIVERED)
  expect(output).toContain('an earlier run was killed a moment ago; trying again soon.')
})
