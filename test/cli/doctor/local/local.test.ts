import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { checkKey, checkPorts, checkWatches } from '../../../../cli/doctor/local/check-computer.ts'
import { checkDropFolder, checkStateFolder } from '../../../../cli/doctor/local/check-folders.ts'
import type { Finding } from '../../../../cli/doctor/finding.ts'
import { EMULATOR_KEY } from '../../../../emulators/kissmetrics/key.ts'
import { runInProcess } from '../../../support/in-process.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-doctor-'))
  await mkdir(path.join(folder, 'mine'), { mode: 0o700 })
  await mkdir(path.join(folder, 'open'))
  await chmod(path.join(folder, 'open'), 0o755)
  await writeFile(path.join(folder, 'file'), '')
})
afterEach(() => rm(folder, { recursive: true }))

const shown = (findings: readonly Finding[]) =>
  findings.map(({ result, text, commands = [] }) => [result, text, ...commands].join(': ').replaceAll(`${folder}/`, ''))

describe('the state folder', () => {
  const plenty = () => Promise.resolve(5e9)
  // prettier-ignore
  test.each<[string, () => Promise<number>, readonly string[]]>([
    [ 'mine',      plenty,                      ['ok: mine belongs to you alone.', 'ok: Its disk has 5,000 MB free.'] ],
    [ 'open',      plenty,                      ['warning: Other users may look into open, which holds personal data.: chmod go-rwx open', 'ok: Its disk has 5,000 MB free.'] ],
    [ 'mine',      () => Promise.resolve(5e7),  ['ok: mine belongs to you alone.', 'warning: Its disk has only 50 MB free. An import stops, and loses nothing, if it is full.'] ],
    [ 'new',       plenty,                      ['ok: new does not exist yet; the first start creates it.'] ],
    [ 'no/new',    plenty,                      ['wrong: no/new does not exist, and you may not create it. Name another one with --state-dir.'] ],
    [ 'file',      plenty,                      ['wrong: file is not a folder. Name another one with --state-dir.'] ],
  ])('%s', async (name, freeBytes, findings) => {
    expect(shown(await checkStateFolder(path.join(folder, name), freeBytes))).toEqual(findings)
  })
})

describe('the drop folder', () => {
  // prettier-ignore
  test.each([
    [ 'open', true,  'ok: open can be read.' ],
    [ 'new',  false, 'ok: new does not exist yet; the first start creates it.' ],
    [ 'new',  true,  'wrong: new does not exist.: mkdir -p new' ],
    [ 'file', true,  'wrong: file is not a folder. Name the folder that you put files into with --drop-dir.' ],
  ])('%s', async (name, isNamed, finding) => {
    expect(shown(await checkDropFolder(path.join(folder, name), isNamed))).toEqual([finding])
  })
})

describe('the key is recognised by its shape, and never shown', () => {
  // prettier-ignore
  test.each([
    [ EMULATOR_KEY,       'ok',          'KM_API_KEY contains 40 hex digits' ],
    [ ` ${EMULATOR_KEY}`, 'ok',          'KM_API_KEY contains 40 hex digits' ],
    [ 'secret',           'warning',     'KM_API_KEY does not contain 40 hex digits, as Kissmetrics keys do (it has 6 characters).' ],
    [ undefined,          'not checked', 'KM_API_KEY is not set.' ],
  ])('%p', (key, result, text) => {
    const [finding] = checkKey('KM_API_KEY', key)
    expect(finding).toMatchObject({ result, text: expect.stringContaining(text) as unknown })
    expect(finding?.text).not.toContain('secret')
  })
})

test('a port in use is found', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const inUse = [`wrong: Port ${port} is in use or not allowed (EADDRINUSE). Leave --port out to use free ports.`]
  expect(shown(await checkPorts(port))).toEqual(inUse)
  server.close()
  expect(shown(await checkPorts(0))).toEqual(['ok: Servers can be started on 127.0.0.1.'])
})

// prettier-ignore
test.each([
  [ '65536\n',  ['ok'] ],
  [ '8191\n',   ['warning'] ],
  [ undefined,  [] ],
])('watched folders that a user may have: %j', async (text, results) => {
  const findings = await checkWatches(() => Promise.resolve(text))
  expect(findings.map(({ result }) => result)).toEqual(results)
})

test('all of it, as a command', async () => {
  const env = { KM_API_KEY: EMULATOR_KEY }
  const flags = ['--state-dir', path.join(folder, 'mine'), '--endpoint', 'http://127.0.0.1:9']
  const { code, stdout } = await runInProcess(['doctor', '--json', ...flags, '--drop-dir', path.join(folder, 'open')], env)
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] }
  expect(findings.map(({ check, result }) => `${check}: ${result}`)).toEqual(
    expect.arrayContaining([
      'state folder: ok',
      'importer: ok',
      'drop folder: ok',
      'ports: ok',
      'API key: ok',
      'endpoint: warning',
    ]),
  )
  expect(code).toBe(0)
  expect(stdout).not.toContain(EMULATOR_KEY)
  const wrong = await runInProcess(['doctor', ...flags, '--drop-dir', path.join(folder, 'new')], env)
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('1 problem') as unknown })
})
