import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Mutant } from './mutant.ts'
import { limitsFor, PATIENT, runTests, type Durations, type TestRun } from './test-run.ts'

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
  'package-lock.json',
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

/** What the tests of a mutant say about it. */
export type Finding =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survived' }
  /** The tests could not be run with the mistake, which proves nothing. */
  | { readonly kind: 'broken'; readonly why: string }

/** A copy of the project that can be changed. */
export class Copy implements AsyncDisposable {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  static async make(): Promise<Copy> {
    const root = await realpath(await mkdtemp(path.join(tmpdir(), 'km-mutants-')))
    for (const part of PARTS) await cp(path.join(ROOT, part), path.join(root, part), { recursive: true })
    await symlink(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'))
    return new Copy(root)
  }

  /** Runs tests without a mistake: how long each file takes. A test that fails without the mistake proves nothing. @throws Error */
  async measure(tests: Iterable<string>): Promise<ReadonlyMap<string, Durations>> {
    const run = await runTests(this.#root, [...tests], PATIENT)
    if (run.kind !== 'passed') throw new Error(`the tests fail without a mistake: ${detailOf(run)}`)
    return run.durations
  }

  /** Puts the mistake into the copy, runs its tests one after the other until one fails, and takes the mistake out again. */
  async try(mutant: Mutant, durations: ReadonlyMap<string, Durations>, limits = limitsFor): Promise<Finding> {
    const file = path.join(this.#root, mutant.file)
    const original = await readFile(file, 'utf8')
    await writeFile(file, await mutate(mutant, this.#root))
    try {
      for (const test of mutant.tests) {
        const normal = durations.get(test)
        if (normal === undefined) throw new Error(`${test} was not measured`)
        const run = await runTests(this.#root, [test], limits(normal))
        if (run.kind === 'broken') return { kind: 'broken', why: `${test}: ${run.why}` }
        if (run.kind !== 'passed') return { kind: 'caught', by: `${test}: ${detailOf(run)}` }
      }
      return { kind: 'survived' }
    } finally {
      await writeFile(file, original)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true, maxRetries: 3 })
  }
}

function detailOf(run: Exclude<TestRun, { kind: 'passed' }>): string {
  switch (run.kind) {
    case 'failed':
      return run.test
    case 'endless':
      return 'it does not end'
    case 'broken':
      return run.why
  }
}
