// cspell:ignore readablestream webstreams writablestream
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { context, type BuildContext, type BuildOptions } from 'esbuild'
import { TRIMS, trimming, type Trim } from '../../bin/bundle-trims.ts'
import { bundleFunction, type FunctionBundle } from '../../bin/function-bundle.ts'

/** A trim that saves less is not worth its line. */
const MIN_BYTES = 3_000

/** As the function is bundled. Only the sizes are compared, so nothing is written. */
const COMPARED = {
  entryPoints: ['lambda/handler.ts'],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  write: false,
} as const satisfies BuildOptions

let folder: string
let trimmed: FunctionBundle
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-trims-'))
  trimmed = await bundleFunction(path.join(folder, 'trimmed'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

test('the bundle is small enough for a quick cold start', () => {
  expect(trimmed.bytes).toBeLessThan(700_000)
})

describe('without its trim, the bundle is larger', () => {
  let without: Trim | undefined
  let bundling: BuildContext
  let bytes: number
  beforeAll(async () => {
    const trims = TRIMS.map((trim): Trim => ({
      ...trim,
      replace: (source) => (trim === without ? source : trim.replace(source)),
    }))
    // All other files are parsed once, not again for each trim.
    bundling = await context({ ...COMPARED, plugins: [trimming(trims, new Set())] })
    bytes = await bundledBytes()
  })
  afterAll(() => bundling.dispose())

  async function bundledBytes(): Promise<number> {
    const { outputFiles = [] } = await bundling.rebuild()
    return outputFiles.reduce((sum, { contents }) => sum + contents.length, 0)
  }

  const forSize = TRIMS.filter(({ purpose = 'size' }) => purpose === 'size')
  test.each(forSize.map((trim) => [trim.file.source, trim] as const))('%s', async (_file, trim) => {
    without = trim
    expect((await bundledBytes()) - bytes).toBeGreaterThan(MIN_BYTES)
  })
})

test('a trim of a file that is no longer in the bundle is refused', async () => {
  const gone = { file: /undici\/lib\/gone\.js$/, because: 'an older version had it', replace: () => '' }
  await expect(bundleFunction(path.join(folder, 'gone'), { trims: [...TRIMS, gone] })).rejects.toThrow(
    'The function no longer contains undici\\/lib\\/gone\\.js$. Remove these from bin/bundle-trims.ts.',
  )
})

/** What Node loads for its fetch and for the streams of the Web. */
const WEB = ['internal/deps/undici/undici', 'internal/webstreams/readablestream', 'internal/webstreams/writablestream']

test('a cold start loads no part of Node that the function does not use', () => {
  const file = pathToFileURL(path.join(folder, 'trimmed', 'index.mjs')).href
  const load = `await import(${JSON.stringify(file)}); console.log(JSON.stringify(process.moduleLoadList)); process.exit()`
  const env = {
    AWS_REGION: 'us-east-1',
    KM_API_KEY: 'key',
    KM_BUCKET: 'b',
    KM_IMPORT_QUEUE_URL: 'q',
    KM_DEAD_LETTER_QUEUE_URL: 'd',
  }
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', load], { encoding: 'utf8', env })
  const loaded = JSON.parse(stdout) as readonly string[]
  expect(loaded).toContain('NativeModule https')
  // An import of node:http by an ES module loads all of fetch, for example.
  const unused = ['http2', 'child_process', 'worker_threads', 'inspector', 'assert', 'fs/promises', ...WEB]
  expect(loaded.filter((name) => unused.includes(name.replace('NativeModule ', '')))).toEqual([])
})

test('the bundle is ASCII: one other character would make V8 hold and read all of it with two bytes for each character', async () => {
  const code = await readFile(path.join(folder, 'trimmed', 'importer.cjs'), 'utf8')
  expect(code.match(/.{0,40}[^\u0000-\u007f].{0,40}/g)).toBeNull()
})

test('the bundle has no path of this computer in it', async () => {
  for (const file of ['index.mjs', 'importer.cjs', 'importer.cjs.map'])
    expect(await readFile(path.join(folder, 'trimmed', file), 'utf8')).not.toContain(process.cwd())
})
