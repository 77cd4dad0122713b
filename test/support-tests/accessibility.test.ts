import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { accessibilityProblems } from '../support/accessibility.ts'
import { HAS_BROWSER, openBrowser } from '../support/browser.ts'

let browser: Browser | undefined
let page: Page
beforeAll(async () => {
  if (!HAS_BROWSER) return
  browser = await openBrowser()
  page = await browser.newPage({ colorScheme: 'light' })
})
afterAll(async () => {
  await browser?.close()
})

const SOUND = '<html lang="en"><title>A page</title><main><h1>Heading</h1><p>Text</p></main></html>'

const describeWithBrowser = HAS_BROWSER ? describe : describe.skip

describeWithBrowser('the accessibility problems of a page', () => {
  // prettier-ignore
  test.each([
    //  what is wrong                      in the page                                                                 found
    ['nothing',                            '',                                                                         []],
    ['a field without a label',            '<input>',                                                                  ['light, label: <input>']],
    ['text that is too faint, always',     '<p style="color: #ccc; background: #fff">Faint</p>',                       ['light, color-contrast', 'dark, color-contrast']],
    ['text that is too faint in the dark', '<style>@media (prefers-color-scheme: dark) { h1 { color: #eee } }</style>', ['dark, color-contrast: <h1>Heading</h1>']],
    ['a link that only its color shows',   '<p>Read <a href="#x" style="color: #222; text-decoration: none">more</a> of this.</p>', ['light, link-in-text-block', 'dark, link-in-text-block']],
  ])('are found: %s', async (_what, part, found) => {
    await page.setContent(SOUND.replace('</main>', `${part}</main>`))
    expect(await accessibilityProblems(page)).toEqual(found.map((start) => expect.stringContaining(start) as unknown))
  })
})

// So the dark theme needs no rules but those for colors.
test('the dark theme of the page sets only colors', () => {
  const styles = globSync('cli/console/page/**/*.css').map((file) => readFileSync(file, 'utf8'))
  const blocks = styles.flatMap((style) => [...style.matchAll(/@media[^{]*prefers-color-scheme[^{]*\{(.*?)^\}/gms)])
  const declarations = blocks.flatMap(([, block = '']) => block.replaceAll(/:root \{|\}/g, '').split(';'))
  const set = declarations.map((declaration) => declaration.trim()).filter((declaration) => declaration !== '')
  expect(set.length).toBeGreaterThan(10)
  expect(set.filter((declaration) => !/^--[\w-]+: #[0-9a-f]+$/.test(declaration))).toEqual([])
})
