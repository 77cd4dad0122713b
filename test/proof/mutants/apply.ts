import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Mutant } from './mutants.ts'

const ROOT = path.join(import.meta.dirname, '..', '..', '..')
/** The parts of the project that the tests need. */
const PARTS = [
  'bin',
  'lib',
  'lambda',
  'emulators',
  'cli',
  'test',
  'examples',
  'docs',
  'cdk.json',
  'tsconfig.json',
  'package.json',
  'jest.config.js',
]

/** The source of the mutant's file with the mistake in it. @throws Error if the text to change does not occur exactly once */
export async function mutate({ name, file, find, replace }: Mutant, root = ROOT): Promise<string> {
  const source = await readFile(path.join(root, file), 'utf8')
  const pattern = new RegExp(find.split(/\s+/).map(escaped).join('\\s+'), 'g')
  const count = source.match(pattern)?.length ?? 0
  if (count !== 1) throw new Error(`"${name}": the text to change occurs ${count} times in ${file} and must occur once`)
  return source.replace(pattern, () => replace)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** A copy of the project that can be changed. */
export class Copy implements AsyncDisposable {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  static async make(): Promise<Copy> {
    const root = await mkdtemp(path.join(tmpdir(), 'km-mutants-'))
    for (const part of PARTS) await cp(path.join(ROOT, part), path.join(root, part), { recursive: true })
    await symlink(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'))
    return new Copy(root)
  }

  /** Puts the mistake into the copy, runs its tests, and takes it out again. @returns the first test that failed, or undefined if all passed */
  async catch(mutant: Mutant): Promise<string | undefined> {
    const file = path.join(this.#root, mutant.file)
    const original = await readFile(file, 'utf8')
    await writeFile(file, await mutate(mutant, this.#root))
    try {
      return await this.firstFailure(mutant.tests)
    } finally {
      await writeFile(file, original)
    }
  }

  /** Runs tests until one fails. @returns its name, or undefined if all pass @throws Error if one cannot be run */
  async firstFailure(tests: Iterable<string>): Promise<string | undefined> {
    for (const test of tests) {
      const failed = await this.#failureOf(test)
      if (failed !== undefined) return `${test}: ${failed}`
    }
    return undefined
  }

  async #failureOf(test: string): Promise<string | undefined> {
    const results = path.join(this.#root, 'results.json')
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js']
    const args = [...flags, test, '--bail', '--json', `--outputFile=${results}`, '--forceExit']
    const child = spawn(process.execPath, args, { cwd: this.#root, stdio: 'ignore' })
    const [code] = (await once(child, 'close')) as [number | null]
    if (code === 0) return undefined
    const { testResults } = JSON.parse(await readFile(results, 'utf8')) as JestResults
    const [failed] = testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'failed'))
    // A file that does not compile or load proves nothing.
    if (failed === undefined) throw new Error(`${test} could not be run`)
    return failed.fullName
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }
}

interface JestResults {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}
