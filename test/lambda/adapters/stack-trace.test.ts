import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { transform } from 'esbuild'
import { originalStack, withOriginalStack } from '../../../lambda/adapters/stack-trace.ts'

const SOURCE = ['// line 1', 'export function fail(): never {', "  throw new TypeError('boom')", '}'].join('\n')

let folder: string
let minified: string
/** Where the minified file throws. */
let at: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-stack-'))
  minified = path.join(folder, 'importer.cjs')
  const options = { loader: 'ts', minify: true, sourcemap: 'external', sourcefile: 'lambda/fail.ts' } as const
  const { code, map } = await transform(SOURCE, options)
  await writeFile(minified, code)
  await writeFile(`${minified}.map`, map)
  await writeFile(path.join(folder, 'damaged.cjs.map'), map.slice(0, 40))
  at = `1:${code.indexOf('throw') + 1}`
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

const THROWN = 'at lambda/fail.ts:3:3'

describe('a frame', () => {
  // prettier-ignore
  test.each([
    //  is                                  frame                                                      becomes
    [ 'in a minified file',                 () => `at ${minified}:${at}`,                              THROWN ],
    [ 'with the name of a function',        () => `at e (${minified}:${at})`,                          THROWN ],
    [ 'of a method that waits',             () => `at async a.b [as c] (${minified}:${at})`,           THROWN ],
    [ 'of a function without a name',       () => `at async ${minified}:${at}`,                        THROWN ],
    [ 'with a URL',                         () => `at e (file://${minified}:${at})`,                   THROWN ],
    [ 'before the first mapping',           () => `at e (${minified}:0:0)`,                            'the same' ],
    [ 'in a file without a map',            () => `at e (${folder}/other.cjs:1:2)`,                    'the same' ],
    [ 'in a file whose map is damaged',     () => `at e (${folder}/damaged.cjs:${at})`,                'the same' ],
    [ "of Node's own code",                 () => 'at process.f (node:internal/process/task:95:5)',    'the same' ],
    [ 'without a position',                 () => 'at async Promise.all (index 0)',                    'the same' ],
  ])('%s', (_what, frame, expected) => {
    const stack = `TypeError: boom\n    ${frame()}\n    at last (node:internal/a:1:2)`
    expect(originalStack(stack)).toBe(expected === 'the same' ? stack : stack.replace(frame(), expected))
  })
})

test('every frame of a stack is translated, and its message is not', () => {
  const stack = `Error: cannot read ${minified}:${at}\n    at e (${minified}:${at})\n    at ${minified}:${at}`
  expect(originalStack(stack)).toBe(`Error: cannot read ${minified}:${at}\n    ${THROWN}\n    ${THROWN}`)
})

test('an error keeps its identity and everything but its stack', () => {
  const error = Object.assign(new RangeError('boom'), { stack: `RangeError: boom\n    at e (${minified}:${at})` })
  expect(withOriginalStack(error)).toBe(error)
  expect(error).toMatchObject({ name: 'RangeError', message: 'boom', stack: `RangeError: boom\n    ${THROWN}` })
})

test('what is thrown without a stack stays as it is', () => {
  expect(withOriginalStack('boom')).toBe('boom')
})
