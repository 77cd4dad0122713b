import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { startConsole } from '../../cli/console/console.ts'
import { localDeployment } from '../../cli/deployment/deployment.ts'
import { fillDeadLetterQueue } from '../cli/rejects/many-dead-letters.ts'
import { accessibilityProblems, THEMES } from '../support/accessibility.ts'
import { HAS_BROWSER, openBrowser, openTab } from '../support/browser.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { Installation } from '../support/installation.ts'

const WIDTHS = [1280, 800, 390] as const
const GOOD = '{"_p":"ann@example.com","_t":1393344604,"_n":"Signed Up","plan":"pro"}'
const MILLISECONDS = '{"_p":"bob@example.com","_t":1393344605000,"_n":"Paid","amount":12}'
const LONG_WORD = `{"_p":"cyd@example.com","_n":"${'x'.repeat(300)}"}`
const LINES = [GOOD, MILLISECONDS, MILLISECONDS, LONG_WORD, '{"_t":1393344607,"_n":"Visited"}', `${GOOD},`]

/** The folder for a picture of each view, for a person to look at. Left out: none are made, and less is checked. */
const PICTURES = process.env.KM_VIEWS

/** With the five of the file: as many as SQS shows to one reader. That takes a minute, so in the suite they are fewer. */
const MANY = PICTURES === undefined ? 4_995 : 99_995

// Then there are also 84 pictures to make.
if (PICTURES !== undefined) jest.setTimeout(1_800_000)

/** Everything is as wide as the window, and every control is inside it. */
async function expectInside(page: Page, view: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 })
    const outside = await page.evaluate(() => {
      const controls = [...document.querySelectorAll('button, a, input, select, textarea, summary')]
      const cut = controls.filter((control) => {
        const { left, right, width: its, height } = control.getBoundingClientRect()
        const isShown = its > 1 && height > 1 && control.closest('.visually-hidden') === null
        return isShown && control.checkVisibility() && (left < -1 || right > document.documentElement.clientWidth + 1)
      })
      const { scrollWidth, clientWidth } = document.documentElement
      return [...(scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide`] : []), ...cut.map(({ outerHTML }) => outerHTML)]
    })
    expect({ view, width, outside }).toEqual({ view, width, outside: [] })
    if (PICTURES === undefined) continue
    await mkdir(PICTURES, { recursive: true })
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: path.join(PICTURES, `${view}-${width}-${colorScheme}.png`), fullPage: true })
    }
    await page.emulateMedia({ colorScheme: 'light' })
  }
}

/** On a phone. */
async function expectLinksOnOneRow(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 900 })
  const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
  const tops = await links.evaluateAll((all) => all.map((link) => link.getBoundingClientRect().top))
  expect(tops).toEqual(tops.map(() => tops[0]))
}

/** At 800 pixels, and only with pictures: the suite does this at the other widths, where the page is used. */
async function expectAccessible(page: Page, view: string): Promise<void> {
  if (PICTURES === undefined) return
  await page.setViewportSize({ width: 800, height: 900 })
  expect({ view, found: await accessibilityProblems(page) }).toEqual({ view, found: [] })
}

let opening: Promise<Browser> | undefined
afterAll(async () => {
  await (await opening)?.close()
})

const describeWithBrowser = HAS_BROWSER ? describe : describe.skip

describeWithBrowser('every view, at 1280, 800 and 390 pixels', () => {
  test('with 0, 5 and many rejected lines: nothing is cut off, and all counts are true', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url, { KM_HOLD_REJECTED_PERCENT: '0' })
    await using console = await startConsole(localDeployment(installation.cloud), 0)
    await using tab = await openTab(await (opening ??= openBrowser()), console.address)
    const { page } = tab
    const check = async (view: string, hasAxe: boolean): Promise<void> => {
      await expectInside(page, view)
      if (hasAxe) await expectAccessible(page, view)
    }
    const show = async (hash: string, text: string | RegExp): Promise<void> => {
      await page.goto(`${console.address}${hash}`)
      await page.getByText(text).first().waitFor()
    }

    await show('#/', 'No imports yet.')
    await check('0-imports', true)
    await show('#/rejected', 'No rejected lines.')
    await check('0-rejected', false)
    await show('#/fix', 'No lines selected.')
    await check('0-fix', false)
    await show('#/person', 'Searches every line of the latest imports')
    await check('0-person', false)
    await show('#/help/missing_identity', 'Why a line or a file is rejected')
    await check('help', true)

    await installation.import(`${'a-very-long-name-of-a-file-'.repeat(6)}.jsonl`, LINES.join('\n'))
    await installation.import('daily/orders-2026-11-01.jsonl', [GOOD, GOOD].join('\n'))
    await show('#/', 'done, 5 lines rejected')
    await check('5-imports', true)
    await expectLinksOnOneRow(page)
    await page.getByRole('link', { name: /^a-very-long-name/ }).click()
    await page.getByText('5 lines still open').waitFor()
    await page.getByRole('button', { name: /^Fix line 2 / }).waitFor()
    await check('5-import', true)
    await show('#/rejected', MILLISECONDS)
    await page.getByRole('button', { name: 'Select all 5' }).click()
    await page.getByText('fixes 2 of 5').waitFor()
    await page.getByRole('button', { name: 'Milliseconds to seconds' }).click()
    await page.getByText('2 of 5 can be sent after this fix').waitFor()
    await check('5-fix-all', true)
    await page.getByRole('checkbox', { name: 'Select all on this page' }).uncheck()
    await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
    await check('5-rejected', true)
    await page.getByRole('button', { name: 'Fix 5 lines' }).click()
    await page.getByText('fixes 2 of 5').waitFor()
    await page.getByRole('button', { name: 'Milliseconds to seconds' }).click()
    await page.getByText('Ready to send.').first().waitFor()
    await check('5-fix', true)
    await show('#/person', 'Searches every line of the latest imports')
    await page.getByLabel('Email address or other identity').fill('ann@example.com')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText('Yes: 3 lines about this person were delivered.').first().waitFor()
    await check('5-person', true)

    await fillDeadLetterQueue(installation.cloud, MANY)
    // Another console: it has not read the queue yet.
    await using fresh = await startConsole(localDeployment(installation.cloud), 0)
    const start = performance.now()
    await using large = await openTab(await opening, `${fresh.address}#/rejected`)
    await large.page
      .getByRole('button', { name: /^Fix line / })
      .first()
      .waitFor()
    const firstRowsMs = performance.now() - start
    const all = (MANY + 5).toLocaleString('en-US')
    if (PICTURES !== undefined)
      await large.page
        .getByText(new RegExp(`^Reading: [\\d,]+ of about ${all}\\. The counts grow until all are read\\.$`))
        .waitFor() // fewer are read before the page is shown
    await large.page.getByLabel('Reading the rejected lines').waitFor({ state: 'hidden' })
    await large.page.getByText(`${all} lines`, { exact: true }).waitFor()
    await large.page.getByRole('navigation', { name: 'Status' }).getByText(all).waitFor()
    await expectInside(large.page, '100000-rejected')
    await expectLinksOnOneRow(large.page)
    await expectAccessible(large.page, '100000-rejected')
    const searchStart = performance.now()
    await large.page.getByLabel('Search: email, event or text in the line').fill('PERSON47')
    await large.page.getByText(PICTURES === undefined ? '111 lines' : '1,111 lines', { exact: true }).waitFor()
    const searchMs = performance.now() - searchStart
    await expectInside(large.page, '100000-search')
    expect([...tab.problems, ...large.problems]).toEqual([])
    process.stderr.write(
      `${MANY} rejected lines: first rows after ${Math.round(firstRowsMs)} ms, a search takes ${Math.round(searchMs)} ms\n`,
    )
  })
})
