import { expect, test } from '@jest/globals'
import { checkSources } from '../../../cli/preview/sources.ts'

test('a folder is refused by commands for single files', async () => {
  await expect(checkSources(['test/'])).rejects.toThrow('test/ is a folder. Give the files in it, for example test/*.jsonl.')
})
