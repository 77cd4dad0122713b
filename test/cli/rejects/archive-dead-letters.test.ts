import { describe, expect, test } from '@jest/globals'
import { archiveDeadLetters, isOlderThan } from '../../../cli/rejects/archive-dead-letters.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'

const NOW = Date.parse('2026-03-20T12:00:00Z')

describe('a dead letter is older than 10 days', () => {
  // prettier-ignore
  test.each([
    ['2026-03-10T12:00:01Z', false],
    ['2026-03-10T12:00:00Z', true],
    ['2026-01-01T00:00:00Z', true],
  ])('sent at %s: %s', (sentAt, expected) => {
    expect(isOlderThan(10, NOW)({ sentAt: new Date(sentAt) })).toBe(expected)
  })
})

test('selected dead letters move from the queue to a file in the bucket', async () => {
  await using cloud = await TestDeployment.start()
  const [selected, other] = [await cloud.queue(deadLetterOf('a')), await cloud.queue(deadLetterOf('b'))]
  const { archived, keys } = await archiveDeadLetters(
    cloud.deployment,
    { why: 'asked', matches: ({ id }) => id === selected },
    NEVER,
  )
  expect([archived, keys]).toEqual([1, [expect.stringMatching(/^archived\/[\d-]{10}\/.*-0001\.jsonl$/)]])
  expect(JSON.parse(await cloud.read(keys[0]!))).toMatchObject({ id: selected, why: 'asked' })
  expect(await cloud.visible()).toEqual([other])
})

test('without a selection, a fresh dead letter stays in the queue', async () => {
  await using cloud = await TestDeployment.start()
  await cloud.queue(deadLetterOf('a'))
  expect(await archiveDeadLetters(cloud.deployment, { why: 'old' }, NEVER)).toMatchObject({ archived: 0, keys: [] })
  expect(await cloud.queued()).toBe(1)
})
