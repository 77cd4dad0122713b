import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readOptions, type LocalFlags } from '../../../cli/local/options.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-options-'))
  await writeFile(path.join(folder, 'file'), '')
})
afterAll(() => rm(folder, { recursive: true }))

function flags(more: Partial<LocalFlags>): LocalFlags {
  return { samples: true, apiKeyEnv: 'KM_API_KEY', dropDir: folder, stateDir: path.join(folder, 'state'), ...more }
}

const SECRET = 'c0ffee12'.repeat(5)

describe('for an invalid flag, the message names the flag, its value and what to do', () => {
  // prettier-ignore
  test.each<[string, () => Partial<LocalFlags>, RegExp]>([
    //  what is wrong               flags                                                            message
    [ 'a port in words',            () => ({ port: 'http' }),                                        /^--port is "http": expected a whole number from 1 to 65532\. Leave it out to use free ports\.$/ ],
    [ 'a port too high',            () => ({ port: '65534' }),                                       /^--port is "65534": expected/ ],
    [ 'a port below zero',          () => ({ port: '-1' }),                                          /^--port is "-1": expected/ ],
    [ 'no such folder',             () => ({ dropDir: path.join(folder, 'typo') }),                  /^--drop-dir is ".*typo": there is no such folder\. Create it \(mkdir -p\), or name another\.$/ ],
    [ 'a file for a folder',        () => ({ dropDir: path.join(folder, 'file') }),                  /^--drop-dir is ".*file": that is not a folder\./ ],
    [ 'a state dir under a file',   () => ({ stateDir: path.join(folder, 'file', 'x') }),            /^--state-dir is ".*": it could not be created \(E[A-Z]+\)\. Name another folder\.$/ ],
    [ 'not a URL as endpoint',      () => ({ endpoint: 'kissmetrics' }),                             /^--endpoint is "kissmetrics": expected an address like https:\/\/trk\.kissmetrics\.io\.$/ ],
    [ 'an unencrypted endpoint',   () => ({ endpoint: 'http://trk.kissmetrics.io' }),               /Only https is allowed/ ],
    [ 'an endpoint without a key',  () => ({ endpoint: 'https://trk.kissmetrics.io' }),              /^No API key: the environment variable KM_API_KEY is not set, and --endpoint needs one\./ ],
    [ 'a key as endpoint',          () => ({ endpoint: SECRET }),                                    /^--endpoint is not shown here, because it may contain a key: expected/ ],
    [ 'a key in the query',         () => ({ endpoint: `https://trk.kissmetrics.io/e?_k=${SECRET.slice(0, 8)}` }), /^--endpoint is not shown here, because it may contain a key: expected .*, with nothing after the host\. Remove the rest\.$/ ],
    [ 'a key as variable name',     () => ({ endpoint: 'https://trk.kissmetrics.io', apiKeyEnv: SECRET }), /^--api-key-env needs the name of an environment variable, and never the key itself\./ ],
    [ 'another variable, not set',  () => ({ endpoint: 'https://trk.kissmetrics.io', apiKeyEnv: 'X' }), /variable X is not set/ ],
  ])('%s', async (_what, more, sentence) => {
    const failing = readOptions(flags(more()), {})
    await expect(failing).rejects.toMatchObject({ name: 'SetupError', message: expect.stringMatching(sentence) as unknown })
    await expect(failing).rejects.not.toThrow(SECRET.slice(0, 8))
  })
})

test('without an endpoint, lines go to the Kissmetrics emulator and no key is needed', async () => {
  expect(await readOptions(flags({}), {})).toEqual({
    once: false,
    isOpening: false,
    json: false,
    samples: true,
    watchedDir: folder,
    stateDir: path.join(folder, 'state'),
    target: undefined,
    port: 0,
  })
})

test('the key is read from the variable that --api-key-env names', async () => {
  const { target } = await readOptions(flags({ endpoint: 'https://trk.kissmetrics.io', apiKeyEnv: 'MY_KEY' }), {
    MY_KEY: ' abc\n',
  })
  expect(target).toEqual({ endpoint: new URL('https://trk.kissmetrics.io'), apiKey: 'abc' })
})

test('the state folder is created', async () => {
  await readOptions(flags({ stateDir: path.join(folder, 'deep', 'state') }), {})
  expect((await stat(path.join(folder, 'deep', 'state'))).isDirectory()).toBe(true)
})
