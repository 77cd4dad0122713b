import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { announce } from '../../../cli/deployment/running.ts'
import { openCredentials } from '../../../cli/local/credentials.ts'
import { run } from '../../support/program.ts'
import { serveLargeQueue } from './large-queue.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-pull-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface PulledSource {
  readonly source: { readonly key: string; readonly line: number }
}

async function sourcesIn(file: string): Promise<readonly string[]> {
  const sources: string[] = []
  for await (const row of createInterface({ input: createReadStream(file) })) {
    const { key, line } = (JSON.parse(row) as PulledSource).source
    sources.push(`${key} ${String(line).padStart(9, '0')}`)
  }
  return sources
}

/** Pulls from a queue, with a heap of some MB. */
async function pullFrom(url: string, heapMb: number, ...args: readonly string[]) {
  const queues = { s3Url: url, sqsUrl: url, importQueueUrl: `${url}1/imports`, deadLetterQueueUrl: `${url}1/dead-letters` }
  await openCredentials(folder)
  await using _announced = await announce(folder, queues)
  return await run(['rejects', 'pull', '--state-dir', folder, ...args], { NODE_OPTIONS: `--max-old-space-size=${heapMb}` })
}

describe('rejects pull', () => {
  test('writes a queue that is larger than its memory, in the order of the files, and only for this user', async () => {
    const count = 500
    await using queue = await serveLargeQueue(count, 131_072)
    const file = path.join(folder, 'all.jsonl')
    const { code, stderr } = await pullFrom(queue.url, 64, '-o', file)
    expect(stderr).toMatch(/^500 dead letters written\. They stay in the queue until you replay them\.\n/)
    expect(code).toBe(0)
    const sources = await sourcesIn(file)
    expect(sources).toHaveLength(count)
    expect(sources).toEqual(sources.toSorted())
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(queue.hidden()).toBe(0)
  })
})
