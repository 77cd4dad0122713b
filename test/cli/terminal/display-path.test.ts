import path from 'node:path'
import { expect, test } from '@jest/globals'
import { displayPath } from '../../../cli/terminal/display-path.ts'

// prettier-ignore
test.each([
  [ 'a file below the working directory is relative', path.resolve('exports', 'may.jsonl'), path.join('exports', 'may.jsonl') ],
  [ 'a file elsewhere is absolute',                   path.resolve('..', 'may.jsonl'),      path.resolve('..', 'may.jsonl') ],
])('%s', (_what, file, shown) => {
  expect(displayPath(file)).toBe(shown)
})
