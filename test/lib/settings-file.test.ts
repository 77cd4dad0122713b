import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readSettingsFile } from '../../lib/settings-file.ts'

let file: string
beforeAll(() => {
  file = path.join(mkdtempSync(path.join(tmpdir(), 'settings-file-')), 'km-import.settings.json')
})
afterAll(() => {
  rmSync(path.dirname(file), { recursive: true })
})

test('a file that does not exist contains no settings', () => {
  expect(readSettingsFile(`${file}.none`)).toEqual({})
})

test('the settings are returned as they are', () => {
  writeFileSync(file, '{"product": "web-shop", "maximumConcurrency": 4}')
  expect(readSettingsFile(file)).toEqual({ product: 'web-shop', maximumConcurrency: 4 })
})

// prettier-ignore
test.each([
  //  what the file is    content                 why
  ['text',                'product=web-shop',     /^km-import\.settings\.json is not a JSON object of settings \(SyntaxError: /],
  ['empty',               '',                     /^km-import\.settings\.json is not a JSON object of settings \(SyntaxError: /],
  ['a list',              '["web-shop"]',         /^km-import\.settings\.json is not a JSON object of settings \(\w+: it is a list\)\. Write it like /],
  ['a number',            '1',                    /^km-import\.settings\.json is not a JSON object of settings \(\w+: /],
])('%s is refused', (_what, content, message) => {
  writeFileSync(file, content)
  expect(() => readSettingsFile(file)).toThrow(expect.objectContaining({ name: 'SettingError', message: expect.stringMatching(message) as unknown }))
})
