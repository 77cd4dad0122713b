import { beforeEach, describe, expect, test } from '@jest/globals'
import type { FileAnswer } from '../../../lambda/answers/file-answer.ts'
import { answerTaskBody, newAnswerTask, type AnswerTask } from '../../../lambda/intake/answer-task.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { reconcile } from '../../../lambda/jobs/reconcile.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import { closeLines } from '../../../lambda/jobs/close-lines.ts'
import { NEW_SEARCH } from '../../../lambda/intake/search.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { AnswerChannel, PushResult } from '../../../lambda/ports.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { BAD_LINE, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const LINE = (n: number) => ({ ...FILE, line: n, countedAs: 'rejected' }) as const

let topic: Receiver
let webhook: Receiver
let cloud: MemoryCloud
beforeEach(() => {
  topic = new Receiver('topic')
  webhook = new Receiver('webhook')
  cloud = new MemoryCloud({
    answers: { channels: [topic, webhook], commandOptions: '' },
    limits: { hold: { ...HOLD_NOTHING, aliases: 2 } },
  })
})

/** What a channel has received; the test decides what it answers. */
class Receiver implements AnswerChannel {
  readonly name: AnswerChannel['name']
  readonly received: FileAnswer[] = []
  result: () => PushResult | Promise<PushResult> = () => ({ kind: 'accepted' })

  constructor(name: AnswerChannel['name']) {
    this.name = name
  }

  async push(answer: FileAnswer): Promise<PushResult> {
    const result = await this.result()
    if (result.kind === 'accepted') this.received.push(answer)
    return result
  }

  get states(): readonly string[] {
    return this.received.map(({ state }) => state)
  }
}

/** Delivers the messages that wait, each when it is due, until none is left or `untilMs` has passed. */
async function deliverAll(untilMs = Infinity): Promise<void> {
  const start = cloud.clock.now()
  let message = cloud.sent.shift()
  while (message !== undefined) {
    const { body, delaySeconds } = message
    if (cloud.clock.now() + delaySeconds * 1000 - start > untilMs) {
      cloud.sent.unshift(message)
      return
    }
    await cloud.clock.sleep(delaySeconds * 1000)
    await handleMessage(() => readMessage(body), cloud.ports, invocation())
    message = cloud.sent.shift()
  }
}

async function importLines(...lines: readonly string[]): Promise<void> {
  cloud.put(...lines)
  await importFile(newTask(FILE), cloud.ports, invocation())
}

const merges = Array.from({ length: 4 }, (_, n) => `{"_p":"p${n}","_t":1393344604,"_p2":"shared"}`)

describe('each end of an import is answered once, to each channel', () => {
  test.each<[string, () => Promise<unknown>, readonly string[]]>([
    ['all lines delivered', () => importLines(goodLine()), ['complete']],
    ['some rejected', () => importLines(goodLine(), BAD_LINE), ['complete-with-rejects']],
    ['the whole file rejected', () => importLines('a,b,c', '1,2,3'), ['failed']],
    ['held', () => importLines(...merges), ['held']],
    [
      'held, then released',
      async () => {
        await importLines(...merges)
        await deliverAll()
        await decideHeldFile(FILE, 'released', cloud.ports)
      },
      ['held', 'complete'],
    ],
    [
      'held, then discarded',
      async () => {
        await importLines(...merges)
        await deliverAll()
        await decideHeldFile(FILE, 'discarded', cloud.ports)
      },
      ['held', 'discarded'],
    ],
    [
      'the last rejected line fixed',
      async () => {
        await importLines(goodLine(), BAD_LINE, BAD_LINE)
        await deliverAll()
        await closeLines([{ ...LINE(2), as: 'fixed' }], cloud.ports)
        await deliverAll()
        await closeLines([{ ...LINE(3), as: 'discarded' }], cloud.ports)
      },
      ['complete-with-rejects', 'complete-after-fixing'],
    ],
    ['deleted before it was read', () => importFile(newTask(FILE), cloud.ports, invocation()), ['gone']],
  ])('%s', async (_name, happens, states) => {
    await happens()
    await deliverAll()
    expect(topic.states).toEqual(states)
    expect(webhook.states).toEqual(states)
    expect(cloud.report?.answered?.state).toBe(states.at(-1))
  })

  test('a message that is delivered again repeats nothing', async () => {
    await importLines(goodLine())
    const [asked] = cloud.sent
    await deliverAll()
    await importFile(newTask(FILE), cloud.ports, invocation())
    cloud.sent.push(asked!)
    await deliverAll()
    expect(topic.states).toEqual(['complete'])
    expect(cloud.codes).toContain('answer_skipped')
  })

  test('without channels, nothing is asked for', async () => {
    cloud = new MemoryCloud()
    await importLines(goodLine())
    expect(cloud.sent).toEqual([])
  })

  test('an answer that was asked for before the channels were removed is dropped', async () => {
    cloud = new MemoryCloud()
    const handled = await handleMessage(
      () => readMessage(answerTaskBody(newAnswerTask({ file: FILE }, 0))),
      cloud.ports,
      invocation(),
    )
    expect(handled).toEqual({ isAcknowledged: true })
  })
})

describe('no answer is lost', () => {
  test('the function is killed after the report was written, before the answer was asked for', async () => {
    cloud.failing.add('importQueue.send')
    await expect(importLines(goodLine())).rejects.toThrow('importQueue.send failed')
    expect(cloud.report?.state).toBe('complete')
    cloud.failing.clear()
    await importFile(newTask(FILE), cloud.ports, invocation()) // the message is delivered again
    await deliverAll()
    expect(topic.states).toEqual(['complete'])
  })

  test('the function is killed between the push and the note', async () => {
    await importLines(goodLine())
    const [asked] = cloud.sent
    cloud.failing.add('reports.replace')
    await deliverAll()
    cloud.failing.clear()
    cloud.sent.push(asked!)
    await deliverAll()
    expect(topic.states).toEqual(['complete', 'complete'])
    expect(new Set(topic.received.map(({ id }) => id)).size).toBe(1) // so that a receiver can drop the second
  })

  test('the message that asks for it is lost: the daily search asks again', async () => {
    await importLines(goodLine())
    cloud.sent.length = 0
    cloud.listed = [{ file: FILE, lastModified: new Date(cloud.clock.now()), isLatest: true }]
    await cloud.clock.sleep(24 * HOUR_MS)
    await reconcile(NEW_SEARCH, cloud.ports, invocation().ending)
    await deliverAll()
    expect(topic.states).toEqual(['complete'])
  })

  test('reports from before answers were pushed are not answered', async () => {
    await importLines(goodLine())
    cloud.sent.length = 0
    cloud.listed = [{ file: FILE, lastModified: new Date(cloud.clock.now()), isLatest: true }]
    await cloud.clock.sleep(4 * 24 * HOUR_MS)
    await reconcile(NEW_SEARCH, cloud.ports, invocation().ending)
    expect(cloud.sent).toEqual([])
  })

  test('lines are closed while the answer is being noted: neither is lost', async () => {
    await importLines(goodLine(), BAD_LINE)
    webhook.result = async () => {
      webhook.result = () => ({ kind: 'accepted' })
      await closeLines([{ ...LINE(2), as: 'fixed' }], cloud.ports)
      return { kind: 'accepted' }
    }
    await deliverAll()
    expect(topic.states).toEqual(['complete-with-rejects', 'complete-after-fixing'])
    expect(cloud.report).toMatchObject({ state: 'complete-after-fixing', rejects: { open: 0, fixed: 1 } })
  })
})

describe('while a channel fails', () => {
  const failed: PushResult = { kind: 'failed', code: '500' }

  test('the answer is tried again until it is accepted, and the other channel gets it once', async () => {
    const until = cloud.clock.now() + HOUR_MS
    webhook.result = () => (cloud.clock.now() < until ? failed : { kind: 'accepted' })
    await importLines(goodLine())
    await deliverAll()
    expect(topic.states).toEqual(['complete'])
    expect(webhook.states).toEqual(['complete'])
    expect(cloud.clock.now() - until).toBeLessThan(16 * MINUTE_MS)
  })

  test('imports go on', async () => {
    webhook.result = () => failed
    await importLines(goodLine())
    await deliverAll(HOUR_MS)
    expect(cloud.report?.state).toBe('complete')
  })

  test('a failure of a few minutes sets off no alarm, and one of hours does', async () => {
    webhook.result = () => failed
    await importLines(goodLine())
    await deliverAll(50 * MINUTE_MS)
    expect(count('AnswersDelayed')).toBeGreaterThan(3)
    expect(count('AnswersNotPushed')).toBe(0)
    await deliverAll(2 * HOUR_MS)
    expect(count('AnswersNotPushed')).toBeGreaterThan(0)
  })

  test('after a day it is given up, and the report says so', async () => {
    webhook.result = () => failed
    const start = cloud.clock.now()
    await importLines(goodLine())
    await deliverAll()
    const hours = (cloud.clock.now() - start) / HOUR_MS
    expect(Math.floor(hours)).toBe(24)
    expect(cloud.codes.at(-1)).toBe('answer_refused')
    expect(cloud.report?.answered).toMatchObject({ state: 'complete', refused: ['webhook'] })
    expect(cloud.sent).toEqual([])
  })

  test('an answer that the receiver refuses is not tried again', async () => {
    webhook.result = () => ({ kind: 'refused', code: '410' })
    await importLines(goodLine())
    await deliverAll()
    expect(cloud.report?.answered).toMatchObject({ refused: ['webhook'] })
    expect(count('AnswersNotPushed')).toBe(1)
  })

  test('a wrong setup is an error at once, and imports go on', async () => {
    webhook.result = () => ({ kind: 'setup', code: 'AuthorizationErrorException', detail: 'no permission' })
    await importLines(goodLine())
    await deliverAll(MINUTE_MS)
    expect(cloud.codes).toContain('answer_setup_wrong')
    expect(count('SetupErrors')).toBe(0)
    expect(count('AnswersNotPushed')).toBeGreaterThan(0)
  })
})

test('a newer report is left to the newer version', async () => {
  cloud.write(reportKey(FILE), { schema: 'kissmetrics-importer/report/v2', state: 'complete' })
  const task: AnswerTask = newAnswerTask({ file: FILE }, cloud.clock.now())
  await handleMessage(() => readMessage(answerTaskBody(task)), cloud.ports, invocation())
  expect(cloud.codes).toContain('newer_version')
  expect(cloud.sent).toHaveLength(1)
  expect(topic.received).toEqual([])
})

function count(metric: string): number {
  return cloud.counted.filter((each) => each.metric === metric).reduce((sum, { value }) => sum + value, 0)
}
