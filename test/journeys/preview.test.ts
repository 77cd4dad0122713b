import { expect, test } from '@jest/globals'
import { run } from '../support/program.ts'

// prettier-ignore
test.each([
  //  the file                            exit  it says
  ['examples/valid.json',                 0,    'valid.json'],
  ['examples/mixed-50000.jsonl.gz',       1,    '470 lines of 50,000 would be rejected. The other 49,311 can be sent.'],
  ['examples/invalid.json',               2,    'spans several lines'],
])('km-import preview %s ends with %i', async (file, code, sentence) => {
  const ended = await run(['preview', file])
  expect(ended.stdout.replaceAll(/\s+/g, ' ')).toContain(sentence)
  expect(ended.code).toBe(code)
})

test('--json writes one document', async () => {
  const { code, stdout } = await run(['preview', '--json', 'examples/every-reason.jsonl'])
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'kissmetrics-importer/preview/v1' })
  expect(code).toBe(1)
})
