import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

const run = promisify(execFile)
const ROOT = path.join(import.meta.dirname, '..', '..')

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

let folder: string
let packed: readonly string[]
let manifest: Manifest

/** Builds and packs the package, and installs it into an empty folder, with the packages that it names and no others. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-package-'))
  await run('npm', ['run', 'package'], { cwd: ROOT })
  const { stdout } = await run('npm', ['pack', path.join(ROOT, 'dist'), '--json', '--pack-destination', folder], { cwd: ROOT })
  const [tarball] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  packed = tarball.files.map((file) => file.path)
  await run('tar', ['-xzf', path.join(folder, tarball.filename), '-C', folder])
  const installed = path.join(folder, 'node_modules', 'kissmetrics-importer')
  await mkdir(path.dirname(installed))
  await cp(path.join(folder, 'package'), installed, { recursive: true })
  manifest = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8')) as Manifest
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const link = path.join(folder, 'node_modules', name)
    await mkdir(path.dirname(link), { recursive: true })
    await symlink(path.join(ROOT, 'node_modules', name), link)
  }
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function node(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

describe('the tarball', () => {
  test('holds what a user needs, and nothing else', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'THIRD-PARTY-LICENSES.txt',
        'sbom.cdx.json',
        'lib/index.js',
        'lib/index.d.ts',
      ]),
    )
    expect(packed.filter((name) => /(^|\/)(test|bench|node_modules)\/|(?<!\.d)\.tsx?$/.test(name))).toEqual([])
  })

  test('names the licence of each package whose code it contains', async () => {
    const text = await readFile(path.join(ROOT, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    for (const name of ['undici', '@aws-sdk/client-s3', 'valibot', 'preact', 'uplot'])
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'))
    expect(text).not.toMatch(/no licence named/)
  })

  test('lists its components', async () => {
    const sbom = JSON.parse(await readFile(path.join(ROOT, 'dist', 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string
      components: { name: string }[]
    }
    expect(sbom.bomFormat).toBe('CycloneDX')
    expect(sbom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['undici', 'commander']))
  })
})

test('the command works without the CDK', async () => {
  await writeFile(path.join(folder, 'a.jsonl'), '{"_p":"a@example.com","_t":1700000000,"_n":"Signed up"}\n')
  const report = JSON.parse(
    await node('node_modules/kissmetrics-importer/bin/km-import.js', 'preview', '--json', 'a.jsonl'),
  ) as object
  expect(JSON.stringify(report)).toContain('Signed up')
})

test('local mode imports a file', async () => {
  await mkdir(path.join(folder, 'drop'))
  await cp(path.join(folder, 'node_modules/kissmetrics-importer/examples/valid.json'), path.join(folder, 'drop', 'valid.json'))
  const stdout = await node(
    'node_modules/kissmetrics-importer/bin/km-import.js',
    'local',
    '--once',
    '--json',
    '--drop-dir',
    'drop',
    '--port',
    '0',
  )
  expect(JSON.parse(stdout)).toMatchObject([{ state: 'complete', lines: { delivered: 4 } }])
})

test('the construct works in the CDK app of somebody else, in plain JavaScript', async () => {
  await writeFile(
    path.join(folder, 'app.mjs'),
    `import { App, Stack } from 'aws-cdk-lib'
     import { Template } from 'aws-cdk-lib/assertions'
     import { User } from 'aws-cdk-lib/aws-iam'
     import { KissmetricsImporter } from 'kissmetrics-importer'
     const stack = new Stack(new App({ outdir: 'cdk.out', builtinCloudFormationValidation: false }), 'Theirs')
     const importer = new KissmetricsImporter(stack, 'Importer')
     importer.grantUpload(new User(stack, 'Uploader'))
     console.log(JSON.stringify(Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'))))`,
  )
  const functions = JSON.parse(await node('app.mjs')) as { Properties: { Handler: string; Runtime: string } }[]
  expect(functions).toMatchObject([{ Properties: { Handler: 'index.handler', Runtime: 'nodejs24.x' } }])
  const assets = (await readdir(path.join(folder, 'cdk.out'))).filter((name) => name.startsWith('asset.'))
  expect(await readdir(path.join(folder, 'cdk.out', assets[0] ?? ''))).toContain('index.mjs')
})

test('the types of the construct fit an app in TypeScript', async () => {
  await writeFile(
    path.join(folder, 'app.ts'),
    // Also what aws-cdk-lib itself exports, but TypeScript needs several seconds to read all of it.
    `import { Stack, type App } from 'aws-cdk-lib/core'
     import { KissmetricsImporter, type KissmetricsImporterProps } from 'kissmetrics-importer'
     const props: KissmetricsImporterProps = { memoryMb: 2048 }
     export const importerIn = (app: App): string => new KissmetricsImporter(new Stack(app, 'S'), 'I', props).bucket.bucketName
     // @ts-expect-error: memory is a number
     export const wrong: KissmetricsImporterProps = { memoryMb: '2048' }\n`,
  )
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--typeRoots',
    path.join(ROOT, 'node_modules/@types'),
  ]
  expect(await node(tsc, ...flags, 'app.ts')).toBe('')
})
