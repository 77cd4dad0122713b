import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** As Lambda starts Node in a function of 1,024 MB. */
const FLAGS = ['--max-semi-space-size=51', '--disable-warning=ExperimentalWarning', '--input-type=module']

/** Makes objects, a few of which survive each round of the garbage collector, until the space has had the time to grow. */
const MAKE_OBJECTS = `
  import { getHeapSpaceStatistics } from 'node:v8'
  const kept = new Array(20_000)
  let [made, most] = [0, 0]
  function make() {
    for (let count = 0; count < 10_000; count += 1, made += 1) kept[made % kept.length] = { text: String(made), list: [made] }
    most = Math.max(most, getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size)
    if (made < 8_000_000) setImmediate(make)
    else process.stdout.write(String(most), () => process.exit())
  }
  make()`

/**
 * Runs a program that makes many objects.
 *
 * @param begin the code that it begins with, of an ES module
 * @returns the most that V8's space for young objects had, in bytes
 */
export async function largestYoungSpace(begin: string): Promise<number> {
  const env = { ...process.env, AWS_REGION: 'us-east-1', NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, '--eval', `${begin}${MAKE_OBJECTS}`], { env })
  return Number(stdout)
}
