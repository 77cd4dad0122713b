// cspell:ignore llhttp
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build, type Plugin } from 'esbuild'
import { TRIMS, trimming } from '../../bin/bundle-trims.ts'

/** A class of the SDK that computes checksums. */
interface Checksum {
  update(bytes: Uint8Array): void
  digest(): Promise<Uint8Array>
}

const requireHere = createRequire(import.meta.url)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-sources-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
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
  const OPTIONS = {
    message: 'the message',
    $metadata: { httpStatusCode: 400 },
    Message: 'x',
    Status: 'x',
    StorageClass: 'x',
    AccessTier: 'x',
  }

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

/** A CommonJS module of undici, as it is bundled. */
async function loadTrimmed(file: string): Promise<unknown> {
  const outfile = path.join(folder, path.basename(file).replace('.js', '.cjs'))
  const entryPoints = [`node_modules/undici/lib/${file}`]
  await build({ entryPoints, outfile, bundle: true, format: 'cjs', platform: 'node', plugins: [trimming(TRIMS, new Set())] })
  return requireHere(outfile)
}

test('the parser of HTTP is the same program when it is unpacked, and is unpacked once', async () => {
  const whole = requireHere('undici/lib/llhttp/llhttp_simd-wasm.js') as Buffer
  const exported = (await loadTrimmed('llhttp/llhttp_simd-wasm.js')) as Buffer
  expect(exported.equals(whole)).toBe(true)
  expect(requireHere(path.join(folder, 'llhttp_simd-wasm.cjs'))).toBe(exported)
})

test('the HTTP client has the channels of undici', async () => {
  expect(await loadTrimmed('core/diagnostics.js')).toEqual(requireHere('undici/lib/core/diagnostics.js'))
})

describe('the path of a request, which contains the identity', () => {
  const publish = (file: string): string => {
    const code = `const { channels } = require(${JSON.stringify(file)})
      const socket = { servername: 'localhost', localAddress: '127.0.0.1' }
      channels.sendHeaders.publish({ request: { method: 'GET', origin: 'http://localhost', path: '/e?_p=person' }, headers: '', socket })`
    const { stderr } = spawnSync(process.execPath, ['--eval', code], { env: { NODE_DEBUG: 'undici' }, encoding: 'utf8' })
    return stderr
  }

  test('is logged by undici if NODE_DEBUG is set', () => {
    expect(publish(requireHere.resolve('undici/lib/core/diagnostics.js'))).toContain('_p=person')
  })

  test('is not logged in the bundle', async () => {
    await loadTrimmed('core/diagnostics.js')
    expect(publish(path.join(folder, 'diagnostics.cjs'))).toBe('')
  })
})

describe('a signer of S3 without several regions', () => {
  interface Signer {
    sign(request: object, options: object): Promise<{ readonly headers: Readonly<Record<string, string>> }>
    signWithCredentials(request: object, credentials: object, options: object): Promise<object>
  }
  const { Sha256 } = requireHere('@smithy/core/checksum') as { readonly Sha256: unknown }
  const OPTIONS = {
    service: 's3',
    region: 'us-east-1',
    sha256: Sha256,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  }
  const TIME = { signingDate: new Date(0) }
  const request = () => ({
    method: 'GET',
    protocol: 'https:',
    hostname: 'b.s3.amazonaws.com',
    path: '/file',
    headers: {},
    query: {},
  })

  async function signer(plugins: readonly Plugin[]): Promise<Signer> {
    const outfile = path.join(folder, `signer-${plugins.length}.mjs`)
    const entryPoints = ['node_modules/@aws-sdk/signature-v4-multi-region/dist-es/index.js']
    await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', plugins: [...plugins] })
    const { SignatureV4MultiRegion } = (await import(pathToFileURL(outfile).href)) as Readonly<
      Record<string, new (options: object) => Signer>
    >
    return new SignatureV4MultiRegion!(OPTIONS)
  }

  test('signs as the one of the SDK', async () => {
    const [whole, trimmed] = [await signer([]), await signer([trimming(TRIMS, new Set())])]
    const session = { ...OPTIONS.credentials, sessionToken: 'token' }
    expect(await trimmed.sign(request(), TIME)).toEqual(await whole.sign(request(), TIME))
    expect(await trimmed.signWithCredentials(request(), session, TIME)).toEqual(
      await whole.signWithCredentials(request(), session, TIME),
    )
  })

  test('refuses to sign for several regions, as the one of the SDK', async () => {
    for (const each of [await signer([]), await signer([trimming(TRIMS, new Set())])])
      await expect(each.sign(request(), { ...TIME, signingRegion: '*' })).rejects.toThrow(/SigV4a|several regions/)
  })
})

test.each([
  ['sha1', 'Sha1', '@aws-sdk/checksums/sha'],
  ['sha256', 'Sha256', '@smithy/core/checksum'],
])('the clients hash with node:crypto: %s', async (algorithm, name, module) => {
  const outfile = path.join(folder, `${algorithm}.mjs`)
  const stdin = { contents: `export { ${name} } from '${module}'`, resolveDir: process.cwd() }
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', plugins: [trimming(TRIMS, new Set())] })
  const { [name]: Hash } = (await import(pathToFileURL(outfile).href)) as Readonly<Record<string, new () => Checksum>>
  const hash = new Hash!()
  hash.update(Buffer.from('a file'))
  expect(Buffer.from(await hash.digest())).toEqual(createHash(algorithm).update('a file').digest())
})

describe.each([
  ['as the SDK reads it', []],
  ['as it is bundled', [trimming(TRIMS, new Set())]],
])('a configuration file, %s', (_how, plugins: readonly Plugin[]) => {
  type Read = (file: string, options?: { readonly ignoreCache?: boolean }) => Promise<string>
  let readConfig: Read
  let file: string
  beforeAll(async () => {
    file = path.join(folder, `config-${plugins.length}`)
    const outfile = `${file}.mjs`
    const entryPoints = ['node_modules/@smithy/core/dist-es/submodules/config/shared-ini-file-loader/readFile.js']
    await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', plugins: [...plugins] })
    readConfig = ((await import(pathToFileURL(outfile).href)) as { readonly readFile: Read }).readFile
  })

  test('is read once, or again if asked', async () => {
    await writeFile(file, '[default]')
    expect(await readConfig(file)).toBe('[default]')
    await writeFile(file, '[other]')
    expect(await readConfig(file)).toBe('[default]')
    expect(await readConfig(file, { ignoreCache: true })).toBe('[other]')
  })

  test('that is missing rejects', async () => {
    await expect(readConfig(`${file}-missing`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('the HTTP client reads no constant that is left out', async () => {
  const client = await readFile('node_modules/undici/lib/dispatcher/client-h1.js', 'utf8')
  const read = [...client.matchAll(/\bconstants\.(?!js\b)(\w+)/g)].map(([, name]) => name)
  expect(new Set(read)).toEqual(new Set(['TYPE', 'ERROR']))
})
