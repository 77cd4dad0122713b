import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const CANDIDATES = [
  process.env.KM_CHROMIUM ?? '',
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const EXECUTABLE = CANDIDATES.find((file) => file !== '' && existsSync(file))

/** Whether a browser is installed. Without one, the tests print a warning: skipped tests must not look like passed ones. */
export const HAS_BROWSER = EXECUTABLE !== undefined
const INSTALL = 'Install it (apt-get install chromium-headless-shell), or set KM_CHROMIUM to its path.'
if (!HAS_BROWSER) console.warn(`Chromium was not found, so the page is not tested in a browser. ${INSTALL}`)

/** A browser tab that can reach only this computer, and everything that went wrong in it. */
export interface Tab extends AsyncDisposable {
  readonly page: Page
  /** Errors, warnings (also of the content security policy), dialogs, and requests to other servers. */
  readonly problems: readonly string[]
}

export interface BrowserOptions {
  /** Names that resolve to this computer. Default: none. */
  readonly hosts?: readonly string[]
  /** Settings of V8. Default: a page lives for seconds in a test, so its scripts are not optimized, which costs more than it saves. */
  readonly v8?: string
}

/** @throws Error that says how to install Chromium */
export async function openBrowser({ hosts = [], v8 = '--disable-optimizing-compilers' }: BrowserOptions = {}): Promise<Browser> {
  if (EXECUTABLE === undefined) throw new Error(`Chromium was not found. ${INSTALL}`)
  // The sandbox of Chromium does not work as root; the tests open only our own page.
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      `--js-flags=${v8}`,
      // Otherwise Chromium starts a process for the next page of each profile, and here each profile has one page.
      '--renderer-process-limit=1',
      `--host-resolver-rules=${[...hosts.map((host) => `MAP ${host} 127.0.0.1`), 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].join(', ')}`,
    ],
  })
}

export async function openTab(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    timezoneId: 'UTC',
    locale: 'en-US',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(200_000) // for a busy computer
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`${message.type()}: ${message.text()}`)
  })
  page.on('dialog', (dialog) => {
    problems.push(`${dialog.type()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(address).origin)) problems.push(`request to another server: ${request.url()}`)
  })
  await page.goto(address)
  return { page, problems, [Symbol.asyncDispose]: () => context.close() }
}
