/**
 * npm run bench:page: how long a user of the page waits, in Chromium, with the local mode of `npm start` in a process of its own.
 *
 * Each round starts local mode with the same rejected lines, so that it has not read them yet, and opens the page two seconds later, in
 * another profile.
 * The figures are medians of the rounds.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { startLocalServices } from '../cli/local/services.ts'
import { readSettings } from '../lib/settings.ts'
import { wiringOf } from '../lib/wiring.ts'
import { fillDeadLetterQueue } from '../test/cli/rejects/many-dead-letters.ts'
import { openBrowser, openTab } from '../test/support/browser.ts'
import { asBytes, shortLines } from './files.ts'
import { openLocalMode } from './local-mode.ts'
import { loadAverage, machineText } from './machine.ts'
import { median } from './measure.ts'
import { print } from './result.ts'

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Rejected lines. SQS shows 100,000 to one reader. */
    rejected: { type: 'string', default: '100000' },
    /** Lines of the file that is checked: 200 MB. */
    lines: { type: 'string', default: '2200000' },
    /** One round with few lines, to see that everything runs. */
    quick: { type: 'boolean', default: false },
  },
})
const rounds = flags.quick ? 1 : Number(flags.rounds)
const rejected = flags.quick ? 50_000 : Number(flags.rejected)
const lines = flags.quick ? 200_000 : Number(flags.lines)

/** From the moment when the address is shown until a person has opened it. */
const OPENING_MS = 2_000

/** What is searched for while the lines are read: one line in nine has it, so the first lines do. */
const FREQUENT = 'person4'
const RARE = 'person4712@'

interface Round {
  readonly firstRowsMs: number
  readonly searchWhileReadingMs: number
  /** Whether lines were still read when that search was answered. */
  readonly wasReading: boolean
  readonly searchMs: number
  readonly checkMs: number
  readonly checkCpuSeconds: number
  readonly longestFrameMs: number
}

interface Setting {
  readonly browser: Browser
  readonly stateDir: string
  readonly file: string
}

async function measureRound({ browser, stateDir, file }: Setting): Promise<Round> {
  await using local = await openLocalMode(stateDir)
  return { ...(await measureRejectedLines(browser, local.address)), ...(await measureCheck(browser, local.address, file)) }
}

async function measureRejectedLines(browser: Browser, address: string) {
  await using tab = await openTab(browser, 'about:blank')
  const { page } = tab
  await delay(OPENING_MS)
  const firstRowsMs = await timeOf(async () => {
    await page.goto(`${address}#/rejected`)
    await page
      .getByRole('button', { name: /^Fix line / })
      .first()
      .waitFor()
  })
  const reading = page.getByLabel('Reading the rejected lines')
  const searchWhileReadingMs = await timeOf(() => search(page, FREQUENT))
  const wasReading = await reading.isVisible()
  await page.getByRole('navigation', { name: 'Status' }).getByText(rejected.toLocaleString('en-US')).waitFor()
  await reading.waitFor({ state: 'hidden' })
  const searchMs = await timeOf(() => search(page, RARE))
  return { firstRowsMs, searchWhileReadingMs, wasReading, searchMs }
}

/** Ends when all rows that are shown have the text. */
async function search(page: Page, text: string): Promise<void> {
  await page.getByLabel('Search: email, event or text in the line').fill(text)
  await page.waitForFunction((wanted) => {
    const rows = [...document.querySelectorAll('table.rejected td.line')]
    return rows.length > 0 && rows.every(({ textContent }) => textContent.includes(wanted))
  }, text)
}

async function measureCheck(browser: Browser, address: string, file: string) {
  await using tab = await openTab(browser, address)
  const { page } = tab
  const input = page.locator('input[type=file]')
  await input.waitFor({ state: 'attached' })
  const frames = await page.evaluateHandle(() => {
    const seen = { longestMs: 0 }
    let last = performance.now()
    const next = () => {
      const now = performance.now()
      seen.longestMs = Math.max(seen.longestMs, now - last)
      last = now
      requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
    return seen
  })
  const cpuBefore = await cpuSecondsOf(browser)
  const checkMs = await timeOf(async () => {
    await input.setInputFiles(file)
    await page.getByText(`${lines.toLocaleString('en-US')} lines can be sent`).waitFor()
  })
  const checkCpuSeconds = (await cpuSecondsOf(browser)) - cpuBefore
  return { checkMs, checkCpuSeconds, longestFrameMs: await frames.evaluate(({ longestMs }) => longestMs) }
}

async function timeOf(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await action()
  return performance.now() - start
}

/** Of all processes of the browser that run now. */
async function cpuSecondsOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0)
}

async function fillState(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true })
  const services = await startLocalServices(stateDir, 0, wiringOf(readSettings({})))
  await fillDeadLetterQueue(services, rejected)
  await services.stop()
}

await using stack = new AsyncDisposableStack()
const browser = await openBrowser({ v8: '' }) // as a user's browser runs the page
stack.defer(() => browser.close())
const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-page-'))
stack.defer(() => rm(folder, { recursive: true, force: true }))
const [stateDir, file] = [path.join(folder, 'state'), path.join(folder, 'large.jsonl')]

console.log(`${machineText()}, Chromium ${browser.version()}, load average ${loadAverage().toFixed(1)}`)
await fillState(stateDir)
await pipeline(asBytes(shortLines(lines)), createWriteStream(file))
const megabytes = Math.round((await stat(file)).size / 1_000_000)

const measured: Round[] = []
for (let round = 1; round <= rounds; round += 1) {
  const figures = await measureRound({ browser, stateDir, file })
  measured.push(figures)
  console.log(`round ${round}, load average ${loadAverage().toFixed(1)}: ${JSON.stringify(figures)}`)
}

const medianOf = (figure: (round: Round) => number): number => median(measured.map(figure))
const many = `${rejected.toLocaleString('en-US')} rejected lines`
const check = `check of ${megabytes} MB, ${lines.toLocaleString('en-US')} lines`
const seconds = (name: string, figure: (round: Round) => number, target: string) => ({
  name,
  value: medianOf(figure) / 1_000,
  unit: 's',
  target: `<= ${target}`,
})
console.log()
print([
  seconds(`${many}: from the address to the first rows`, (round) => round.firstRowsMs, '1.0'),
  seconds(`${many}: a search while they are read`, (round) => round.searchWhileReadingMs, '1.5'),
  seconds(`${many}: a search afterwards`, (round) => round.searchMs, '1.5'),
  seconds(check, (round) => round.checkMs, '10'),
  { name: `${check}, browser`, value: medianOf((round) => round.checkCpuSeconds), unit: 'CPU-s' },
  { name: `${check}, longest frame`, value: medianOf((round) => round.longestFrameMs), unit: 'ms', target: '<= 300' },
])
if (!measured.every(({ wasReading }) => wasReading))
  console.log('\nIn some rounds all lines were read before the first search was answered. Use more with --rejected.')
