import { tmpdir } from 'node:os'
import { expect, test } from '@jest/globals'
import { asDiskFull, checkDiskSpace } from '../../../cli/local/disk-space.ts'

test('if there is room, nothing happens', async () => {
  await expect(checkDiskSpace(tmpdir())).resolves.toBeUndefined()
})

test('without room, the message says how much is missing, in which folder, and what to do', async () => {
  await expect(checkDiskSpace(tmpdir(), 1e18)).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringMatching(
      /^The disk of the state folder "\/.+" is full: \d{3},\d{3},\d{3},\d{3} MB more are needed\. Nothing was lost\. Make room, or name a folder on another disk with --state-dir, then run the same command again\.$/,
    ) as unknown,
  })
})

test.each([
  ['of a file', 'ENOSPC: no space left on device, write', true],
  ['of a quota', 'EDQUOT: disk quota exceeded, open', true],
  ['of SQLite', 'database or disk is full', true],
  ['another error', 'ECONNRESET', false],
])('the error of a full disk is recognised: %s', (_what, message, isFull) => {
  expect(asDiskFull(new Error(message), '/state').message.startsWith('The disk of the state folder "/state" is full')).toBe(
    isFull,
  )
})
