import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'

const ROOT = path.join(import.meta.dirname, '..')

interface Locked {
  readonly link?: boolean
  /** Part of the tarball of another package. */
  readonly inBundle?: boolean
  readonly integrity?: string
}

test('the lockfile names the checksum of every package, for every platform', () => {
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const unchecked = Object.entries(packages).filter(
    ([name, { link, inBundle, integrity }]) => name !== '' && link !== true && inBundle !== true && integrity === undefined,
  )
  expect(unchecked.map(([name]) => name)).toEqual([])
})

test('workflows use actions by commit, because a tag can be moved', () => {
  const folder = path.join(ROOT, '.github', 'workflows')
  const actions = readdirSync(folder).flatMap((name) => [
    ...readFileSync(path.join(folder, name), 'utf8').matchAll(/uses: (\S+)(.*)/g),
  ])
  expect(actions.length).toBeGreaterThan(0)
  for (const [, action, comment] of actions) {
    expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
    expect(comment).toMatch(/^ # v\d/)
  }
})
