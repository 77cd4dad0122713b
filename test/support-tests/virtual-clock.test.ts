import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { VirtualClock } from '../support/virtual-clock.ts'

test('sleepers wake when they are due, the first to sleep first, and those that are aborted at once', async () => {
  const sleeper = fc.record({ ms: fc.integer({ min: 0, max: 20 }), isAborted: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(sleeper, { maxLength: 40 }), async (sleepers) => {
      const clock = new VirtualClock()
      const start = clock.now()
      const woken: (readonly [number, number])[] = []
      const abort = new AbortController()
      const all = sleepers.map(async ({ ms, isAborted }, index) => {
        await clock.sleep(ms, isAborted ? abort.signal : undefined)
        woken.push([clock.now() - start, index])
      })
      abort.abort()
      await Promise.all(all)
      const due = sleepers.map(({ ms, isAborted }, index) => [isAborted ? 0 : ms, index, isAborted] as const)
      const expected = due.toSorted((a, b) => Number(b[2]) - Number(a[2]) || a[0] - b[0] || a[1] - b[1])
      expect(woken).toEqual(expected.map(([ms, index]) => [ms, index]))
    }),
  )
})
