import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Mutant } from './mutants.ts'

const ROOT = path.join(import.meta.dirname, '..', '..', '..')
/** What tests need of the project. */
const PARTS = [
  'bin',
  'lib',
  'lambda',
  'cli',
  'test',
  'examples',
  'docs',
  'cdk.json',
  'tsconfig.json',
  'package.json',
  'jest.config.js',
]

/** The source of a mutant's file. @throws Error where the place that it changes is not there exactly once */
export async function mutate({ name, file, find, replace }: Mutant, root = ROOT): Promise<string> {
  const source = await readFile(path.join(root, file), 'utf8')
  const places = source.split(find).length - 1
  if (places !== 1) throw new Error(`"${name}" changes a place that is in ${file} ${places} times, and has to be there once`)
  return source.replace(find, () => replace)
}

/** A copy of the project that may be broken. */
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

  /** Breaks the copy, runs the tests that should see it, and mends it. @returns the first that failed, or undefined where none did */
  async catch(mutant: Mutant): Promise<string | undefined> {
    const file = path.join(this.#root, mutant.file)
    const sound = await readFile(file, 'utf8')
    await writeFile(file, await mutate(mutant, this.#root))
    try {
      return await this.firstFailure(mutant.tests)
    } finally {
      await writeFile(file, sound)
    }
  }

  /** Runs tests until one fails. @returns which, or undefined where all pass @throws Error where one cannot be run */
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
    const names = testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'failed'))
    // A mistake that does not even load proves nothing.
    if (names[0] === undefined) throw new Error(`${test} could not be run`)
    return names[0].fullName
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
