/**
 * npm run package: builds the npm package in dist/: compiled, with the function and the page bundled, and nothing that only tests need.
 * `npm pack ./dist` makes the tarball.
 */
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { bundlePage } from '../cli/console/bundle.ts'
import { bundleFunction } from './function-bundle.ts'

const ROOT = path.join(import.meta.dirname, '..')
const DIST = path.join(ROOT, 'dist')
const PAGE = path.join(DIST, 'cli', 'console', 'page')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** The CDK: needed by apps that use the construct, which have it already, and not by the command. */
const PEERS = ['aws-cdk-lib', 'constructs']
/** Bundles the function and the page, which the package contains bundled. */
const BUNDLER = 'esbuild'

await rm(DIST, { recursive: true, force: true })
compile('tsconfig.package.json')
compile('tsconfig.package-types.json')
const { sources } = await bundleFunction(path.join(DIST, 'function'))
const bundled = packagesIn([...sources, ...(await writePage())])
await copyFiles()
const manifest = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as Manifest
await writeFile(path.join(DIST, 'package.json'), `${JSON.stringify(packageJson(manifest, await importedPackages()), null, 2)}\n`)
await writeFile(path.join(DIST, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(bundled))
await writeFile(
  path.join(DIST, 'sbom.cdx.json'),
  npm('sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'),
)
console.log(`dist/ is the package: ${manifest.name} ${manifest.version}`)

/** @param project a configuration of TypeScript, from the root of the project */
function compile(project: string): void {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', path.join(ROOT, project)], { stdio: 'inherit' })
}

/** @returns the source files in the page */
async function writePage(): Promise<readonly string[]> {
  const { html, css, js, worker, sources } = await bundlePage()
  await mkdir(PAGE, { recursive: true })
  await writeFile(path.join(PAGE, 'index.html'), html)
  await writeFile(path.join(PAGE, 'page.css'), css)
  await writeFile(path.join(PAGE, 'page.js'), js)
  await writeFile(path.join(PAGE, 'check-worker.js'), worker)
  return sources
}

async function copyFiles(): Promise<void> {
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE']) await cp(path.join(ROOT, name), path.join(DIST, name))
  await cp(path.join(ROOT, 'examples'), path.join(DIST, 'examples'), {
    recursive: true,
    filter: (source) => !source.endsWith('.ts'),
  })
  const command = await readFile(path.join(ROOT, 'bin/km-import.js'), 'utf8')
  await mkdir(path.join(DIST, 'bin'))
  await writeFile(path.join(DIST, 'bin/km-import.js'), command.replace('../cli/main.ts', '../cli/main.js'), { mode: 0o755 })
}

/** The packages that the compiled code imports. */
async function importedPackages(): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const name of await readdir(DIST, { recursive: true })) {
    if (!/^(cli|emulators|lambda|lib)\/.*\.js$/.test(name) || name.startsWith('cli/console/page/')) continue
    const text = await readFile(path.join(DIST, name), 'utf8')
    for (const [, specifier = ''] of text.matchAll(/(?:from |import\(?|require\()\s?'([^'.][^']*)'/g))
      if (!specifier.startsWith('node:')) found.add(packageOf(specifier))
  }
  found.delete(BUNDLER)
  return found
}

/** @param sources paths of source files, from the root of the project */
function packagesIn(sources: readonly string[]): readonly string[] {
  const names = sources.flatMap((source) => {
    const [, inPackage] = /^.*node_modules\/(.*)$/.exec(source) ?? []
    return inPackage === undefined ? [] : [packageOf(inPackage)]
  })
  return [...new Set(names)].toSorted()
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function packageJson(
  { name, version, description, license, engines, dependencies }: Manifest,
  imported: ReadonlySet<string>,
): object {
  const needed = (isPeer: boolean) =>
    Object.entries(dependencies).filter(([each]) => imported.has(each) && PEERS.includes(each) === isPeer)
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    engines,
    bin: { 'km-import': 'bin/km-import.js', [name]: 'bin/km-import.js' },
    exports: { '.': { types: './lib/index.d.ts', default: './lib/index.js' }, './package.json': './package.json' },
    dependencies: Object.fromEntries(needed(false)),
    peerDependencies: Object.fromEntries(needed(true).map(([each, exact]) => [each, `^${exact}`])),
    peerDependenciesMeta: Object.fromEntries(PEERS.map((each) => [each, { optional: true }])),
  }
}

async function licencesOf(packages: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    packages.map(async (name) => {
      const folder = path.join(ROOT, 'node_modules', name)
      const { version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as Record<string, string>
      const file = (await readdir(folder)).find((each) => /^license|^licence/i.test(each))
      const text = file === undefined ? '' : await readFile(path.join(folder, file), 'utf8')
      return `${name} ${version ?? ''} (${license ?? 'no licence named'})\n\n${text.trim()}\n`
    }),
  )
  return `The function (function/importer.cjs) and the page (cli/console/page/page.js) contain code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}

function npm(...args: readonly string[]): string {
  return execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
}
