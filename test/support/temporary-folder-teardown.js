import { rm } from 'node:fs/promises'

/** Removes the temporary folder of this run, with what the suites have left in it. */
export default async function teardown() {
  await rm(process.env.TMPDIR, { recursive: true, force: true })
}
