import { expect, test } from '@jest/globals'
import { readArchived } from '../../../lambda/archive/archived.ts'
import { deadLetterDestination } from '../../../lambda/jobs/quarantine.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const ENVELOPE = { body: '{"line":"x"}', attributes: {} }

test.each([0, 1, 2])('after %i replays, a dead letter goes to the dead-letter queue', async (replays) => {
  const cloud = new MemoryCloud()
  await deadLetterDestination({ ...FILE, line: 4 }, replays, cloud.ports).sendBatch([ENVELOPE])
  expect(cloud.deadLetters).toEqual([{ line: 'x' }])
  expect(cloud.archivedFiles.size).toBe(0)
})

// prettier-ignore
test.each([
  //  of             source                  goes to                                                            group
  [ 'a line',        { ...FILE, line: 4 },   'archived/quarantined/incoming/a.json/v1/line-4.jsonl',  undefined ],
  [ 'a file',        FILE,                   'archived/quarantined/incoming/a.json/v1/file.jsonl',    undefined ],
  [ 'many lines',    FILE,                   'archived/quarantined/incoming/a.json/v1/group-invalid_json.jsonl', 'invalid_json' ],
])('after three replays, the dead letter of %s is quarantined', async (_what, source, key, group) => {
  const cloud = new MemoryCloud()
  const now = new Date(cloud.clock.now()).toISOString()
  expect(await deadLetterDestination(source, 3, cloud.ports, group).sendBatch([ENVELOPE])).toEqual([])
  expect(cloud.deadLetters).toEqual([])
  expect([...cloud.archivedFiles.keys()]).toEqual([key])
  expect(readArchived(cloud.archivedFiles.get(key)!)).toEqual([
    expect.objectContaining({ why: 'replayed', body: ENVELOPE.body, sentAt: now, archivedAt: now }),
  ])
  expect(cloud.codes).toEqual(['dead_letter_quarantined'])
})

test('a dead letter that S3 does not store is not sent', async () => {
  const cloud = new MemoryCloud()
  cloud.failing.add('archived.put')
  await expect(deadLetterDestination(FILE, 3, cloud.ports).sendBatch([ENVELOPE])).rejects.toThrow('archived.put failed')
  expect(cloud.codes).toEqual([])
})
