import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readPageAddress, writePageAddress } from '../../../cli/console/stored-address.ts'
import { startConsole } from '../../../cli/console/console.ts'
import type { Deployment } from '../../../cli/deployment/deployment.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-address-'))
  file = path.join(folder, 'page-address.json')
})
afterEach(() => rm(folder, { recursive: true }))

const TOKEN = 'abcdefghijklmnopqrstuvwxyz-_0123'

describe('the address of the page', () => {
  test('is kept, for its owner only', async () => {
    await writePageAddress(file, { port: 4000, token: TOKEN })
    expect(await readPageAddress(file)).toMatchObject({ port: 4000, token: TOKEN })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test.each([
    'not JSON',
    '{}',
    JSON.stringify({ schema: 'kissmetrics-importer/page-address/v1', port: 4000, token: 'short' }),
    JSON.stringify({ schema: 'kissmetrics-importer/page-address/v1', port: 0, token: TOKEN }),
    JSON.stringify({ schema: 'kissmetrics-importer/page-address/v2', port: 4000, token: TOKEN }),
  ])('is a new one if the file is %s', async (text) => {
    await writeFile(file, text)
    const { port, token } = await readPageAddress(file)
    expect(port).toBe(0)
    expect(token).toMatch(/^[\w-]{32}$/)
    expect(token).not.toBe(TOKEN)
  })

  const NOWHERE = {} as Deployment

  test('stays the same at the next start', async () => {
    const first = await startConsole(NOWHERE, 0, file)
    await first[Symbol.asyncDispose]()
    await using second = await startConsole(NOWHERE, 0, file)
    expect(second.address).toBe(first.address)
  })

  test('keeps its key if another program has taken its port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await writePageAddress(file, { port, token: TOKEN })
    await using started = await startConsole(NOWHERE, 0, file)
    other.close()
    expect(started.port).not.toBe(port)
    expect(started.address).toContain(TOKEN)
  })
})
