import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readCdkSettings } from '../../../cli/local/cdk-settings.ts'
import { readSettings } from '../../../lib/settings.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-cdk-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function cdkJson(content: string): Promise<string> {
  const file = path.join(folder, 'cdk.json')
  await writeFile(file, content)
  return file
}

const NO_FILE = 'does-not-exist.json'
const { endpoint, overrides, maximumConcurrency, maxReceiveCount } = readSettings({})
const DEFAULTS = { endpoint, overrides, maximumConcurrency, maxReceiveCount }

test('the shipped cdk.json changes no default', async () => {
  expect(await readCdkSettings(undefined, NO_FILE)).toEqual(DEFAULTS)
})

test('a setting in the settings file applies too, unless cdk.json has another value', async () => {
  const file = path.join(folder, 'km-import.settings.json')
  await writeFile(file, JSON.stringify({ maximumConcurrency: 5, maxReceiveCount: 9 }))
  const context = await cdkJson('{"context":{"maxReceiveCount":12}}')
  expect(await readCdkSettings(context, file)).toMatchObject({ maximumConcurrency: 5, maxReceiveCount: 12 })
})

test('a setting that only AWS has, like the name of a bucket there, has no effect on this computer', async () => {
  const context = await cdkJson('{"context":{"bucketName":"team-uploads","encryption":"customer","memoryMb":2048}}')
  expect(await readCdkSettings(context, NO_FILE)).toEqual({ ...DEFAULTS, memoryMb: 2048 })
})

test('a setting in the context of cdk.json applies to local mode too, as it does to the stack', async () => {
  const shipped = JSON.parse(await readFile('cdk.json', 'utf8')) as { context: object }
  const context = { ...shipped.context, maximumConcurrency: 4, KM_MAX_IN_FLIGHT: 8 }
  expect(await readCdkSettings(await cdkJson(JSON.stringify({ ...shipped, context })), NO_FILE)).toMatchObject({
    maximumConcurrency: 4,
    overrides: { KM_MAX_IN_FLIGHT: 8 },
  })
})

test('without a context, the defaults apply', async () => {
  expect(await readCdkSettings(await cdkJson('{}'), NO_FILE)).toEqual(DEFAULTS)
})

// prettier-ignore
test.each([
  //  what is wrong          cdk.json                                         message
  ['a setting out of range', '{"context":{"maximumConcurrency":1}}',          /^Settings of the stack: maximumConcurrency is "1": expected a whole number of files at a time from 2 to 1000\. Leave it out to use 2\. They are in km-import\.settings\.json and cdk\.json\.$/],
  ['an unknown setting',     '{"context":{"maximumConcurency":4}}',           /^Settings of the stack: maximumConcurency is not a setting of this stack/],
  ['text that is not JSON',  '{"context":',                                   /cdk\.json is not a valid cdk\.json \(SyntaxError: .*\)\. Correct it, or restore it with git\.$/],
  ['a context that is text', '{"context":"x"}',                               /cdk\.json is not a valid cdk\.json \(/],
])('%s is reported in one sentence', async (_what, content, message) => {
  await expect(readCdkSettings(await cdkJson(content), NO_FILE)).rejects.toMatchObject({ name: 'SetupError', message: expect.stringMatching(message) as unknown })
})
