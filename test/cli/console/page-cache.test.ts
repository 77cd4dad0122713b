import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { bundlePage, readPage } from '../../../cli/console/bundle.ts'
import { cachePage, readCachedPage, type PageCache } from '../../../cli/console/page-cache.ts'

const PAGE = { html: '<p>page</p>', css: 'p {}', js: 'page()', worker: 'check()' }
const NAMES = ['main.tsx', 'node_modules/preact/index.js']
const START_MS = Date.parse('2026-11-27T12:00:00Z')
const MINUTE_MS = 60_000

let root: string
let cache: PageCache
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'km-page-cache-'))
  cache = { file: path.join(root, 'node_modules', '.cache', 'page.json'), root }
  await mkdir(path.join(root, 'node_modules', 'preact'), { recursive: true })
  for (const name of NAMES) await change(name, 'source', START_MS - MINUTE_MS)
})
afterEach(() => rm(root, { recursive: true }))

async function change(name: string, text: string, changedMs: number): Promise<void> {
  await writeFile(path.join(root, name), text)
  await utimes(path.join(root, name), changedMs / 1000, changedMs / 1000)
}

describe('the page of an earlier start', () => {
  test('is used while no file that it is made of has changed', async () => {
    await cachePage(cache, PAGE, NAMES, START_MS)
    expect(await readCachedPage(cache)).toEqual(PAGE)
    expect(await readdir(path.dirname(cache.file))).toEqual(['page.json']) // no draft stays
  })

  // prettier-ignore
  test.each<[string, () => Promise<void>]>([
    ['has another time',  () => change('main.tsx', 'source', START_MS)],
    ['has another size',  () => change('main.tsx', 'more source', START_MS - MINUTE_MS)],
    ['is older',          () => change('main.tsx', 'source', START_MS - 2 * MINUTE_MS)],
    ['of a package is another one', () => change('node_modules/preact/index.js', 'newer', START_MS)],
    ['no longer exists',  () => rm(path.join(root, 'main.tsx'))],
  ])('is not used if a file %s', async (_what, changeFile) => {
    await cachePage(cache, PAGE, NAMES, START_MS)
    await changeFile()
    expect(await readCachedPage(cache)).toBeUndefined()
  })

  test.each([
    ['empty', ''],
    ['only a part', '{"states": {'],
    ['of another version', '{"page": "<p>page</p>"}'],
    ['without a script', JSON.stringify({ states: {}, page: { ...PAGE, js: undefined } })],
  ])('is not used if it is %s', async (_what, text) => {
    await mkdir(path.dirname(cache.file))
    await writeFile(cache.file, text)
    expect(await readCachedPage(cache)).toBeUndefined()
    await cachePage(cache, PAGE, NAMES, START_MS)
    expect(await readCachedPage(cache)).toEqual(PAGE)
  })

  test.each([
    //  the last change          before the bundling started   is kept
    ['during the bundling', -MINUTE_MS, false],
    ['less than two seconds', 1_999, false],
    ['two seconds', 2_000, true],
  ])('is kept only if its files are older than the steps of a file system: %s', async (_what, beforeMs, isKept) => {
    // prettier-ignore
    await change('main.tsx', 'source', START_MS - beforeMs)
    await cachePage(cache, PAGE, NAMES, START_MS)
    expect(await readCachedPage(cache)).toEqual(isKept ? PAGE : undefined)
  })

  test('is not kept where nothing can be written, without an error', async () => {
    await writeFile(path.dirname(cache.file), 'a file in place of the folder')
    await cachePage(cache, PAGE, NAMES, START_MS)
    expect(await readCachedPage(cache)).toBeUndefined()
  })
})

test('the page of this project is bundled once', async () => {
  const project = { ...cache, root: path.resolve() }
  const { sources, ...bundled } = await bundlePage()
  // A minute later, so that a source that was saved just now is old enough.
  expect(await readPage(project, Date.now() + MINUTE_MS)).toEqual(bundled)
  // Each source is compared at the next start.
  const { states } = JSON.parse(await readFile(project.file, 'utf8')) as { states: Readonly<Record<string, string>> }
  expect(Object.keys(states)).toEqual(expect.arrayContaining([...sources, 'cli/console/page/index.html']))
  await writeFile(project.file, JSON.stringify({ states, page: PAGE }))
  expect(await readPage(project)).toEqual(PAGE)
})
