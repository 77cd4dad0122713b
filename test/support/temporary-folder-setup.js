import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Gives all suites, and the programs that they start, one temporary folder. Killed programs leave files in it. */
export default async function setup() {
  process.env.TMPDIR = await mkdtemp(path.join(tmpdir(), 'km-tests-'))
}
