import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const PLACES = [
  process.env.KM_CHROMIUM ?? '',
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const EXECUTABLE = PLACES.find((deployment) => deployment !== '' && existsSync(deployment))

/** Whether there is a browser. Where there is none, say so: a silent gap looks like a pass. */
export const HAS_BROWSER = EXECUTABLE !== undefined
if (!HAS_BROWSER) {
  console.warn(
    'No Chromium was found (apt-get install chromium-headless-shell, or name one in KM_CHROMIUM): the page is not tried in a browser.',
  )
}

/** A page of a browser that may speak to this computer only, and everything that it complained of. */
export interface Tab extends AsyncDisposable {
  readonly page: Page
  /** What broke the page's own rules, threw, was asked of others, or was to be answered by a person. */
  readonly complaints: readonly string[]
}

export async function openBrowser(): Promise<Browser> {
  // Where tests run as root the sandbox of Chromium cannot; what is shown here is our own page.
  return chromium.launch({
    executablePath: EXECUTABLE ?? '',
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
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
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('dialog', (dialog) => {
    complaints.push(`${dialog.type()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(address).origin)) complaints.push(`asked elsewhere: ${request.url()}`)
  })
  await page.goto(address)
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
}
