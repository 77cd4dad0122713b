import path from 'node:path'
import { expect, test } from '@jest/globals'
import { largestYoungSpace } from '../../support/young-space.ts'

const FILE = path.join(import.meta.dirname, '../../../lambda/adapters/young-space.ts')
const MEGABYTE = 1024 * 1024

test('V8 lets the space for young objects grow to its limit', async () => {
  expect(await largestYoungSpace('')).toBeGreaterThan(64 * MEGABYTE)
})

// V8 counts a few pages more than the 16 MB.
test('with the limit, it stays at 16 MB', async () => {
  const most = await largestYoungSpace(`import { limitYoungSpace } from ${JSON.stringify(FILE)}; limitYoungSpace(1)`)
  expect(most).toBeLessThan(24 * MEGABYTE)
})
