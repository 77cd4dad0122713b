import assert from 'node:assert'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build, type Metafile } from 'esbuild'
import { lazyAssert } from '../../bin/lazy-assert.ts'

type Assert = (value: unknown, message?: string | Error) => void

let folder: string
let lazy: Assert
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-assert-'))
  const outfile = path.join(folder, 'assert.cjs')
  const stdin = { contents: "module.exports = require('node:assert')" }
  await build({ stdin, outfile, bundle: true, format: 'cjs', platform: 'node', plugins: [lazyAssert] })
  lazy = createRequire(import.meta.url)(outfile) as Assert
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

function errorOf(check: Assert, value: unknown, message?: string | Error): unknown {
  try {
    check(value, message)
  } catch (error) {
    return error
  }
  return undefined
}

describe('an assertion in the bundle', () => {
  test.each([true, 1, 'text', {}])('holds for %j, as that of Node', (value) => {
    expect(errorOf(lazy, value)).toBeUndefined()
    expect(errorOf(assert, value)).toBeUndefined()
  })

  test.each([false, 0, '', null, undefined])('fails for %j, as that of Node', (value) => {
    const [failed, usual] = [errorOf(lazy, value, 'why'), errorOf(assert, value, 'why')] as readonly assert.AssertionError[]
    expect(failed).toBeInstanceOf(assert.AssertionError)
    expect([failed?.message, failed?.code]).toEqual([usual?.message, usual?.code])
  })

  test('throws an error that is passed as its message, as that of Node', () => {
    const error = new TypeError('why')
    expect(errorOf(lazy, false, error)).toBe(error)
    expect(errorOf(assert, false, error)).toBe(error)
  })

  test('has a message of its own if none is passed', () => {
    expect(errorOf(lazy, false)).toMatchObject({ code: 'ERR_ASSERTION', message: 'An assertion failed.' })
  })
})

test('the function asserts in no other way', async () => {
  const { metafile } = await build({
    entryPoints: ['lambda/handler.ts'],
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    metafile: true,
    write: false,
  })
  const users = usersOf('node:assert', metafile)
  expect(users).not.toEqual([])
  for (const user of users) {
    const source = await readFile(user, 'utf8')
    expect([user, source.match(/\bassert\.\w+/g)]).toEqual([user, null])
    expect(source).toContain("const assert = require('node:assert')")
  }
})

function usersOf(module: string, { inputs }: Metafile): readonly string[] {
  return Object.entries(inputs)
    .filter(([, { imports }]) => imports.some((imported) => imported.path === module))
    .map(([file]) => file)
}
