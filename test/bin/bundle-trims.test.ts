import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build, context, type BuildContext, type BuildOptions, type Plugin } from 'esbuild'
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
  expect(trimmed.bytes).toBeLessThan(760_000)
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

  test.each(TRIMS.map((trim) => [trim.file.source, trim] as const))('%s', async (_file, trim) => {
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
  const unused = ['http2', 'child_process', 'worker_threads', 'inspector', 'internal/deps/undici/undici']
  expect(loaded.filter((name) => unused.includes(name.replace('NativeModule ', '')))).toEqual([])
})

test('the bundle has no path of this computer in it', async () => {
  for (const file of ['index.mjs', 'importer.cjs', 'importer.cjs.map'])
    expect(await readFile(path.join(folder, 'trimmed', file), 'utf8')).not.toContain(process.cwd())
})

test('names that are written out leave the schemas as they are', async () => {
  async function load(name: string, plugins: readonly Plugin[]): Promise<Readonly<Record<string, unknown>>> {
    const outfile = path.join(folder, `${name}.mjs`)
    const entryPoints = ['node_modules/@aws-sdk/client-s3/dist-es/schemas/schemas_0.js']
    await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', plugins: [...plugins] })
    return (await import(pathToFileURL(outfile).href)) as Readonly<Record<string, unknown>>
  }
  /** A schema names others by functions that return them. */
  const textOf = (schema: unknown) =>
    JSON.stringify(schema, (_key, value: unknown) => (typeof value === 'function' ? String(value) : value))
  const whole = await load('whole', [])
  const plain = await load('plain', [trimming(TRIMS, new Set())])
  expect(Object.keys(plain)).toEqual(Object.keys(whole))
  expect(Object.keys(plain).length).toBeGreaterThan(200)
  for (const [name, schema] of Object.entries(whole)) expect([name, textOf(plain[name])]).toEqual([name, textOf(schema)])
})

describe('errors that are made by a function', () => {
  /** The errors of a client, by name. */
  type Errors = Readonly<Record<string, new (options: object) => Error>>
  const OPTIONS = { message: 'the message', $metadata: { httpStatusCode: 400 }, Status: 'x', StorageClass: 'x', AccessTier: 'x' }

  async function load(client: string, plugins: readonly Plugin[]): Promise<Errors> {
    const outfile = path.join(folder, `${client}-errors-${plugins.length}.mjs`)
    const entryPoints = [`node_modules/@aws-sdk/client-${client}/dist-es/models/errors.js`]
    await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', plugins: [...plugins] })
    return (await import(pathToFileURL(outfile).href)) as Errors
  }
  const textOf = (Class: new (options: object) => Error) => {
    const error = new Class(OPTIONS)
    expect(error).toBeInstanceOf(Class)
    expect(Object.getPrototypeOf(error)).toBe(Class.prototype)
    return {
      properties: Object.entries(error),
      message: error.message,
      shape: (Class as unknown as { readonly shapeId: string }).shapeId,
    }
  }

  test.each(['sqs', 'sns', 's3', 'secrets-manager'])('are the same as those of the SDK: %s', async (client) => {
    const whole = await load(client, [])
    const made = await load(client, [trimming(TRIMS, new Set())])
    expect(Object.keys(made)).toEqual(Object.keys(whole))
    expect(Object.keys(made).length).toBeGreaterThan(10)
    for (const [name, Class] of Object.entries(whole)) expect(textOf(made[name]!)).toEqual(textOf(Class))
  })
})

test('the HTTP client reads no constant that is left out', async () => {
  const client = await readFile('node_modules/undici/lib/dispatcher/client-h1.js', 'utf8')
  const read = [...client.matchAll(/\bconstants\.(?!js\b)(\w+)/g)].map(([, name]) => name)
  expect(new Set(read)).toEqual(new Set(['TYPE', 'ERROR']))
})
