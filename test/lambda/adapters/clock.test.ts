import { expect, test } from '@jest/globals'
import { clock } from '../../../lambda/adapters/clock.ts'

test('sleep ends after its time', async () => {
  const start = performance.now()
  await clock.sleep(20, new AbortController().signal)
  expect(performance.now() - start).toBeGreaterThanOrEqual(19) // timers can be up to 1 ms early
})

test('sleep ends immediately when the signal is aborted, and does not reject', async () => {
  const controller = new AbortController()
  const slept = clock.sleep(3_600_000, controller.signal)
  controller.abort(new Error('stop'))
  await expect(slept).resolves.toBeUndefined()
  await expect(clock.sleep(3_600_000, controller.signal)).resolves.toBeUndefined()
})
