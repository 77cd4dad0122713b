import { expect, test } from '@jest/globals'
import { readArchived } from '../../../lambda/archive/archived.ts'
import { archiveOld } from '../../../lambda/jobs/archive-old.ts'
import { MemoryCloud } from '../../support/memory-cloud.ts'

const DAY_MS = 86_400_000

/** A dead-letter queue with messages of these ages. */
function withAges(...days: readonly number[]): MemoryCloud {
  const cloud = new MemoryCloud()
  for (const age of days)
    cloud.waiting.push({ id: `${age} days`, body: 'b', receipt: 'r', sentAt: new Date(cloud.clock.now() - age * DAY_MS) })
  return cloud
}

test('dead letters of ten days and more are archived, four days before SQS deletes them', async () => {
  const cloud = withAges(0, 9.9, 10, 13.9)
  await archiveOld(cloud.ports, new AbortController().signal)
  const archived = [...cloud.archivedFiles.values()].flatMap(readArchived)
  expect(archived.map(({ id, why }) => [id, why])).toEqual([
    ['10 days', 'old'],
    ['13.9 days', 'old'],
  ])
  expect(cloud.events).toMatchObject([
    { level: 'error', facts: { code: 'dead_letters_archived', seen: 4, archived: 2, isWhole: true } },
  ])
})

test('if there are none, no file is written and nobody has to act', async () => {
  const cloud = withAges(1, 2)
  await archiveOld(cloud.ports, new AbortController().signal)
  expect(cloud.archivedFiles.size).toBe(0)
  expect(cloud.events).toMatchObject([{ level: 'info', facts: { code: 'no_old_dead_letters', seen: 2, isWhole: true } }])
})

test('it stops when there is no more time', async () => {
  const cloud = withAges(11)
  await archiveOld(cloud.ports, AbortSignal.abort())
  expect(cloud.events).toMatchObject([{ facts: { seen: 0, isWhole: false } }])
})
