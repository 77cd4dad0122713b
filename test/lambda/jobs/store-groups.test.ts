import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { GROUPS_SCHEMA, storeGroups } from '../../../lambda/jobs/store-groups.ts'
import { unreadFile } from '../../../lambda/jobs/unread-file.ts'
import { groupsKey } from '../../../lambda/keys.ts'
import type { LineGroup } from '../../../lambda/settle/dead-letter.ts'
import type { LineGroups } from '../../../lambda/settle/line-groups.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const lines = (count: number): LineGroup => ({ lines: count, ranges: [[1, count]], examples: [] })

const store = (cloud: MemoryCloud, groups?: LineGroups) =>
  storeGroups({ ...unreadFile(FILE, cloud.clock), ...(groups && { groups }), rules: [{ fix: 'ms-timestamps' }] }, cloud.ports)

const sentBy = ({ deadLetters }: MemoryCloud) => deadLetters.map(({ reason, group }) => `${group?.lines} ${reason}`)
const notedBy = (cloud: MemoryCloud) => (cloud.read(groupsKey(FILE)) as { readonly sent: object } | undefined)?.sent

describe('lines that share a dead letter', () => {
  test('have one for each reason, with the file, the lines, and the import rules that a redrive needs', async () => {
    const cloud = new MemoryCloud()
    await store(cloud, { missing_timestamp: lines(30), invalid_json: lines(2) })
    expect(sentBy(cloud)).toEqual(['30 missing_timestamp', '2 invalid_json'])
    expect(cloud.deadLetters[0]).toMatchObject({
      kind: 'group',
      source: FILE,
      replays: 0,
      group: { ranges: [[1, 30]] },
      rules: [{ fix: 'ms-timestamps' }],
    })
    expect(notedBy(cloud)).toEqual({ missing_timestamp: 30, invalid_json: 2 })
  })

  // prettier-ignore
  test.each<[string, LineGroups | undefined, LineGroups, readonly string[]]>([
    //  what the next run has found       the run before                     the next run                                                sends
    [ 'the same',                         { missing_timestamp: lines(30) },  { missing_timestamp: lines(30) },                           [] ],
    [ 'another reason too',               { missing_timestamp: lines(30) },  { missing_timestamp: lines(30), invalid_json: lines(2) },  ['2 invalid_json'] ],
    [ 'more lines, after a replay',       { missing_timestamp: lines(30) },  { missing_timestamp: lines(40) },                           ['40 missing_timestamp'] ],
  ])('are sent again only if they are not the same: %s', async (_what, before, next, sent) => {
    const cloud = new MemoryCloud()
    await store(cloud, before)
    cloud.deadLetters.length = 0
    await store(cloud, next)
    expect(sentBy(cloud)).toEqual(sent)
    expect(notedBy(cloud)).toEqual(Object.fromEntries(Object.entries(next).map(([reason, group]) => [reason, group.lines])))
  })

  test.each([undefined, {}])('cost nothing if there are none: %j', async (groups) => {
    const cloud = new MemoryCloud()
    await store(cloud, groups)
    expect([cloud.deadLetters, [...cloud.documents]]).toEqual([[], []])
  })
})

describe('no dead letter is lost', () => {
  test('if SQS does not accept it: the run fails, and notes nothing', async () => {
    const cloud = new MemoryCloud()
    Object.assign(cloud.ports.deadLetters, { sendBatch: () => Promise.reject(new Error('SQS is down')) })
    await expect(store(cloud, { invalid_json: lines(2) })).rejects.toThrow('SQS is down')
    expect(notedBy(cloud)).toBeUndefined()
  })

  test('if the run is killed before it notes what it has sent: the next run sends it a second time', async () => {
    const cloud = new MemoryCloud()
    cloud.failing.add('checkpoints.put')
    await expect(store(cloud, { invalid_json: lines(2) })).rejects.toThrow('checkpoints.put failed')
    cloud.failing.clear()
    await store(cloud, { invalid_json: lines(2) })
    expect(sentBy(cloud)).toEqual(['2 invalid_json', '2 invalid_json'])
  })

  test('if what was noted is damaged', async () => {
    const cloud = new MemoryCloud()
    cloud.write(groupsKey(FILE), { schema: GROUPS_SCHEMA, sent: 'all' })
    await store(cloud, { invalid_json: lines(2) })
    expect(sentBy(cloud)).toEqual(['2 invalid_json'])
    expect(notedBy(cloud)).toEqual({ invalid_json: 2 })
  })
})

test('another run may note the same at the same time', async () => {
  const cloud = new MemoryCloud()
  await Promise.all([store(cloud, { invalid_json: lines(2) }), store(cloud, { invalid_json: lines(2) })])
  expect(notedBy(cloud)).toEqual({ invalid_json: 2 })
})

test('fields that a newer version has added to the note are kept, and a newer form of it is an error', async () => {
  const cloud = new MemoryCloud()
  cloud.write(groupsKey(FILE), { schema: GROUPS_SCHEMA, sent: {}, added: 'later' })
  await store(cloud, { invalid_json: lines(2) })
  expect(cloud.read(groupsKey(FILE))).toMatchObject({ added: 'later' })
  cloud.write(groupsKey(FILE), { schema: GROUPS_SCHEMA.replace('v1', 'v2') })
  await expect(store(cloud, { invalid_json: lines(3) })).rejects.toThrow(NewerVersionError)
  expect(sentBy(cloud)).toEqual(['2 invalid_json'])
})
