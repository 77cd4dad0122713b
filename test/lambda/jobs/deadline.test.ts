import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime } from '../../../lambda/errors.ts'
import { Deadline } from '../../../lambda/jobs/deadline.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const NEVER = new AbortController().signal

describe('the time of an invocation', () => {
  // prettier-ignore
  test.each([
    //  time limit   margin     ends after
    [     900_000,   60_000,    840_000 ],
    [     900_000,   450_000,   450_000 ],
    [     900_000,   600_000,   450_000 ], // half of the time is for work, whatever the margin
    [       3_000,   60_000,    1_500 ],
    [           0,   60_000,    0 ],
  ])('%i ms with a margin of %i ms ends after %i ms', async (remainingMs, marginMs, endsAfterMs) => {
    const clock = new VirtualClock()
    using deadline = new Deadline({ getRemainingTimeInMillis: () => remainingMs }, marginMs, clock)
    const start = clock.now()
    await new Promise((resolve) => {
      deadline.ending.addEventListener('abort', resolve)
    })
    expect(clock.now() - start).toBe(endsAfterMs)
    expect(deadline.ending.reason).toBeInstanceOf(OutOfTime)
  })

  test('ends at once, interrupted, when the process is asked to stop', () => {
    const stopping = new AbortController()
    using deadline = new Deadline({ getRemainingTimeInMillis: () => 1_000, stopping: stopping.signal }, 0, new VirtualClock())
    expect(deadline.ending.aborted).toBe(false)
    stopping.abort()
    expect(deadline.ending.reason).toBeInstanceOf(InterruptedError)
  })

  test('never ends after the invocation has ended', async () => {
    const clock = new VirtualClock()
    const stopping = new AbortController()
    const deadline = new Deadline({ getRemainingTimeInMillis: () => 1_000, stopping: stopping.signal }, 0, clock)
    deadline[Symbol.dispose]()
    stopping.abort()
    await clock.sleep(2_000, NEVER)
    expect(deadline.ending.aborted).toBe(false)
  })
})
