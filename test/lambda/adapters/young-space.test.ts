import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const FILE = path.join(import.meta.dirname, '../../../lambda/adapters/young-space.ts')
const MEGABYTE = 1024 * 1024
/** As Lambda starts Node in a function of 1,024 MB. */
const FLAGS = ['--max-semi-space-size=51', '--disable-warning=ExperimentalWarning', '--input-type=module']

/** Makes objects, a few of which survive each round of the garbage collector, until the space has had the time to grow. */
const makeObjects = (begin: string): string => `
  import { getHeapSpaceStatistics } from 'node:v8'
  ${begin}
  const kept = new Array(20_000)
  let [made, most] = [0, 0]
  function make() {
    for (let count = 0; count < 10_000; count += 1, made += 1) kept[made % kept.length] = { text: String(made), list: [made] }
    most = Math.max(most, getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size)
    if (made < 8_000_000) setImmediate(make)
    else console.log(most)
  }
  make()`

/** @returns the most that the space had, in bytes */
async function largest(begin: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, '--eval', makeObjects(begin)])
  return Number(stdout)
}

test('V8 lets the space for young objects grow to its limit', async () => {
  expect(await largest('')).toBeGreaterThan(64 * MEGABYTE)
})

// V8 counts a few pages more than the 16 MB.
test('with the limit, it stays at 16 MB', async () => {
  const most = await largest(`import { limitYoungSpace } from ${JSON.stringify(FILE)}; limitYoungSpace(1)`)
  expect(most).toBeLessThan(24 * MEGABYTE)
})
