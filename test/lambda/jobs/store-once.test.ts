import { expect, test } from '@jest/globals'
import { storeOnce } from '../../../lambda/jobs/store-once.ts'
import { MemoryCloud } from '../../support/memory-cloud.ts'

const KEY = { bucket: 'b', key: 'checkpoints/x.json' }
const read = (value: unknown) =>
  typeof value === 'object' && value !== null && 'run' in value ? (value as { run: number }) : undefined

test('the document that was stored first stays, and every run gets it', async () => {
  const { ports } = new MemoryCloud()
  const stored = await Promise.all([1, 2, 3].map((run) => storeOnce(KEY, { run }, read, ports)))
  expect(new Set(stored.map(({ run }) => run)).size).toBe(1)
  expect(await storeOnce(KEY, { run: 4 }, read, ports)).toEqual(stored[0])
})

test('a damaged document is replaced', async () => {
  const cloud = new MemoryCloud()
  cloud.write(KEY.key, { damaged: true })
  expect(await storeOnce(KEY, { run: 1 }, read, cloud.ports)).toEqual({ run: 1 })
  expect(cloud.read(KEY.key)).toEqual({ run: 1 })
})

test('a write that S3 refuses although no other run has written is tried again', async () => {
  const { ports } = new MemoryCloud()
  const put = ports.checkpoints.put.bind(ports.checkpoints)
  let refusals = 3
  const checkpoints = {
    ...ports.checkpoints,
    put: (...args: Parameters<typeof put>) => ((refusals -= 1) >= 0 ? Promise.resolve(undefined) : put(...args)),
  }
  expect(await storeOnce(KEY, { run: 1 }, read, { checkpoints })).toEqual({ run: 1 })
})

test('a write that S3 refuses again and again is an error', async () => {
  const { ports } = new MemoryCloud()
  const checkpoints = { ...ports.checkpoints, put: () => Promise.resolve(undefined) }
  await expect(storeOnce(KEY, { run: 1 }, read, { checkpoints })).rejects.toThrow('checkpoints/x.json is written by another run')
})
