import { describe, expect, test } from '@jest/globals'
import { HIDDEN_SECONDS, holdsMessage, redeliverySeconds, whileHidden } from '../../../lambda/jobs/visibility.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('while a message is being worked on', () => {
  test('it is hidden again every minute, for three minutes each time, and never after the work has ended', async () => {
    const clock = new VirtualClock()
    const start = clock.now()
    const hidden: (readonly [atMs: number, seconds: number])[] = []
    const hide = (seconds: number) => Promise.resolve(hidden.push([clock.now() - start, seconds]) > 0)
    expect(await whileHidden(hide, clock, () => clock.sleep(250_000).then(() => 'done'))).toBe('done')
    await clock.sleep(1_000_000)
    expect(hidden).toEqual([0, 60_000, 120_000, 180_000, 240_000].map((atMs) => [atMs, 180]))
  })

  test('a refusal of SQS changes nothing for the work, and the message is hidden again a minute later', async () => {
    const clock = new VirtualClock()
    let calls = 0
    const hide = () => Promise.reject(new Error(`refused ${(calls += 1)}`))
    await whileHidden(hide, clock, () => clock.sleep(70_000))
    expect(calls).toBe(2)
  })

  test('the caller goes on only after the last request to hide it was answered', async () => {
    const clock = new VirtualClock()
    let isAnswered = false
    const hide = () => clock.sleep(5_000).then(() => (isAnswered = true))
    await expect(whileHidden(hide, clock, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(isAnswered).toBe(true)
  })
})

// prettier-ignore
test.each([
  //  SQS                                                 still held
  [ 'hides the message',    () => Promise.resolve(true),               true ],
  [ 'no longer has it',     () => Promise.resolve(false),              false ],
  [ 'does not answer',      () => Promise.reject(new Error('busy')),   true ],
])('SQS %s', async (_what, answer, isHeld) => {
  const asked: number[] = []
  const hide = (seconds: number): Promise<boolean> => (asked.push(seconds), answer())
  expect([await holdsMessage(hide), asked]).toEqual([isHeld, [HIDDEN_SECONDS]])
})

const DELIVERIES = [1, 2, 3, 4, 5, 6, 100]

test('a message that failed is delivered again after a time that doubles, up to 15 minutes', () => {
  expect(DELIVERIES.map((deliveries) => redeliverySeconds(deliveries))).toEqual([30, 60, 120, 240, 480, 900, 900])
})

// prettier-ignore
test.each([
  //  its lease is held for   it is delivered again after, by delivery
  [ 1,                        [1, 1, 120, 240, 480, 900, 900] ],
  [ 2_100,                    [3, 3, 120, 240, 480, 900, 900] ],
  [ 180_000,                  [180, 180, 180, 240, 480, 900, 900] ],
])('a message whose lease is held for %i ms more is delivered when it ends, and later if its holder is alive', (leaseMs, seconds) => {
  expect(DELIVERIES.map((deliveries) => redeliverySeconds(deliveries, leaseMs))).toEqual(seconds)
})
