import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { failUnreadable, rejectFile } from '../../../lambda/jobs/reject-file.ts'
import { reject } from '../../../lambda/reasons.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const REFUSAL = reject('not_line_delimited_json')

describe('a file that is rejected', () => {
  test('has one dead letter, with the reason and without a line', async () => {
    const cloud = new MemoryCloud()
    const failure = await rejectFile({ file: FILE, replays: 2 }, REFUSAL, cloud.ports)
    expect(failure).toEqual({ kind: 'failed', rejection: REFUSAL, replays: 2 })
    expect(cloud.deadLetters).toEqual([
      expect.objectContaining({ kind: 'file', reason: 'not_line_delimited_json', source: FILE, replays: 2 }),
    ])
    expect(cloud.deadLetters[0]).not.toHaveProperty('line')
  })

  test('is quarantined after three replays', async () => {
    const cloud = new MemoryCloud()
    await rejectFile({ file: FILE, replays: 3 }, REFUSAL, cloud.ports)
    expect(cloud.deadLetters).toEqual([])
    expect([...cloud.archivedFiles.keys()]).toEqual(['archived/quarantined/incoming/a.json/v1/file.jsonl'])
  })

  test('is not rejected until SQS has its dead letter', async () => {
    const cloud = new MemoryCloud()
    cloud.failing.add('deadLetters.sendBatch')
    await expect(rejectFile({ file: FILE, replays: 0 }, REFUSAL, cloud.ports)).rejects.toThrow('deadLetters.sendBatch failed')
  })
})

describe('a file that S3 does not return', () => {
  test.each(['gone', 'superseded'] as const)('is missing, without a dead letter: %s', async (state) => {
    const cloud = new MemoryCloud()
    expect(await failUnreadable(state, newTask(FILE), cloud.ports)).toEqual({ kind: 'missing', state })
    expect(cloud.deadLetters).toEqual([])
  })

  test('is rejected if it is in an archive storage class', async () => {
    const cloud = new MemoryCloud()
    expect(await failUnreadable('locked', newTask(FILE, 1), cloud.ports)).toMatchObject({ kind: 'failed', replays: 1 })
    expect(cloud.deadLetters).toMatchObject([{ kind: 'file', reason: 'object_unreadable', replays: 1 }])
  })
})
