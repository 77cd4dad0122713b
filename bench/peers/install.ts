import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { PACKAGES, type PackageName } from './contenders.ts'

/** All packages together. */
const INSTALL_MS = 600_000

/** Why a package cannot be used. */
export type Missing = ReadonlyMap<PackageName, string>

async function installedVersion(folder: string, name: PackageName): Promise<string | undefined> {
  try {
    const about = await readFile(path.join(folder, 'node_modules', name, 'package.json'), 'utf8')
    return (JSON.parse(about) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** Installs the peers, each in its exact version and without its install scripts. Those that are there already are not asked for again. */
export async function installPeers(folder: string, names: readonly PackageName[]): Promise<Missing> {
  if (names.length === 0) return new Map()
  await mkdir(folder, { recursive: true })
  const about = { private: true, dependencies: Object.fromEntries(names.map((name) => [name, PACKAGES[name]])) }
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(about, null, 2)}\n`)
  if ((await notInstalled(folder, names)).length === 0) return new Map()
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund']
  const reason = await promisify(execFile)('npm', args, { cwd: folder, timeout: INSTALL_MS }).then(
    () => 'npm did not install this version',
    (error: unknown) => firstLine(error),
  )
  return new Map((await notInstalled(folder, names)).map((name) => [name, reason]))
}

async function notInstalled(folder: string, names: readonly PackageName[]): Promise<readonly PackageName[]> {
  const versions = await Promise.all(names.map((name) => installedVersion(folder, name)))
  return names.filter((name, index) => versions[index] !== PACKAGES[name])
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
