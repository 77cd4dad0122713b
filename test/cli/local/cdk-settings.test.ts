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

test('the shipped cdk.json changes no default', async () => {
  expect(await readCdkSettings()).toEqual(readSettings({}))
})

test('a setting in the context of cdk.json applies to local mode too, as it does to the stack', async () => {
  const shipped = JSON.parse(await readFile('cdk.json', 'utf8')) as { context: object }
  const context = { ...shipped.context, maximumConcurrency: 4, KM_MAX_IN_FLIGHT: 8 }
  expect(await readCdkSettings(await cdkJson(JSON.stringify({ ...shipped, context })))).toMatchObject({
    maximumConcurrency: 4,
    overrides: { KM_MAX_IN_FLIGHT: 8 },
  })
})

test('without a context, the defaults apply', async () => {
  expect(await readCdkSettings(await cdkJson('{}'))).toEqual(readSettings({}))
})

// prettier-ignore
test.each([
  //  what is wrong          cdk.json                                         message
  ['a setting out of range', '{"context":{"maximumConcurrency":1}}',          /^cdk\.json: maximumConcurrency is "1": expected a whole number of files at a time from 2 to 1000\. Leave it out to use 2\.$/],
  ['an unknown setting',     '{"context":{"maximumConcurency":4}}',           /^cdk\.json: maximumConcurency is not a setting of this stack/],
  ['text that is not JSON',  '{"context":',                                   /cdk\.json is not a valid cdk\.json \(SyntaxError: .*\)\. Correct it, or restore it with git\.$/],
  ['a context that is text', '{"context":"x"}',                               /cdk\.json is not a valid cdk\.json \(/],
])('%s is reported in one sentence', async (_what, content, message) => {
  await expect(readCdkSettings(await cdkJson(content))).rejects.toMatchObject({ name: 'SetupError', message: expect.stringMatching(message) as unknown })
})
