import { expect, test } from '@jest/globals'
import { SendStats } from '../../../cli/send/stats.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { answerOf, promisedEndpoint } from '../../support/promised-endpoint.ts'

const counts = (delivered: number, rejected = 0) => ({
  counts: { ...emptyCounts(), lines: { delivered, rejected, undeliverable: 1, blank: 2 } },
})

test('settled lines and lines that were not delivered come from the last checkpoint', () => {
  const stats = new SendStats(0)
  expect([stats.settled, stats.notDelivered]).toEqual([0, 0])
  stats.update(counts(100, 5))
  expect([stats.settled, stats.notDelivered]).toEqual([108, 6])
})

test('the rate covers this run, without the lines of an earlier run', () => {
  const stats = new SendStats(10_000)
  expect(stats.rate(20_000)).toBe(0)
  stats.update(counts(1_000)) // what the earlier run has settled
  expect(stats.rate(20_000)).toBe(0)
  stats.update(counts(1_500))
  expect(stats.rate(20_000)).toBe(50)
})

test('requests are in flight until they are answered', async () => {
  const stats = new SendStats(0)
  const answer = Promise.withResolvers<{ readonly kind: 'no-answer'; readonly code: string }>()
  const endpoint = stats.counting(promisedEndpoint(() => answer.promise))
  const sent = [1, 2].map(() => answerOf(endpoint, { method: 'GET', path: '/e' }))
  expect(stats.inFlight).toBe(2)
  answer.resolve({ kind: 'no-answer', code: 'ECONNRESET' })
  await Promise.all(sent)
  expect(stats.inFlight).toBe(0)
})
