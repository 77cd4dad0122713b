import type { Page } from 'playwright-core'
import { ScreenRecording } from '../support/screen-recording.ts'

const FILE_NAME = 'orders-may.jsonl'
const LINES = 2_400
/** One line in so many has its time in milliseconds. */
const MISTAKE_INTERVAL = 200
const MISTAKES = LINES / MISTAKE_INTERVAL

const FIRST_ORDER = 1_398_902_400 // 2014-05-01
const SECONDS_BETWEEN_ORDERS = 1_080

/** Orders of a month. */
function orders(): string {
  return Array.from({ length: LINES }, (_, index) => {
    const seconds = FIRST_ORDER + index * SECONDS_BETWEEN_ORDERS
    return JSON.stringify({
      _p: `customer${(index * 7) % 900}@example.com`,
      _t: index % MISTAKE_INTERVAL === MISTAKE_INTERVAL - 1 ? seconds * 1_000 : seconds,
      _n: 'Ordered',
      amount: 10 + ((index * 37) % 90),
    })
  }).join('\n')
}

/** Records what a user does most often: a file is chosen, checked and imported; its rejected lines are fixed and sent. */
export async function recordMainPath(page: Page): Promise<Buffer> {
  const recording = new ScreenRecording(page)
  await recording.show(800)

  await recording.pointAt(page.getByText('Choose files'))
  await page.getByLabel('Choose files').setInputFiles({
    name: FILE_NAME,
    mimeType: 'application/x-ndjson',
    buffer: Buffer.from(orders()),
  })
  const card = page.getByRole('article', { name: FILE_NAME })
  await card.getByText(`${MISTAKES} would be rejected`).waitFor()
  await recording.show(2_500)
  await recording.click(card.getByRole('button', { name: /^Import / }))
  await recording.showUntil(page.getByText(`done, ${MISTAKES} lines rejected`, { exact: true }).waitFor(), 400)
  await recording.show(1_500)

  await recording.click(page.getByRole('link', { name: `${MISTAKES} open lines of ${FILE_NAME}` }))
  await page.getByRole('button', { name: `Select all ${MISTAKES}` }).waitFor()
  await recording.show(1_500)
  await recording.click(page.getByRole('button', { name: `Select all ${MISTAKES}` }))
  await page.getByText(`fixes ${MISTAKES} of ${MISTAKES}`).waitFor()
  await recording.show(1_000)
  await recording.click(page.getByRole('button', { name: 'Milliseconds to seconds' }))
  await page.getByText(`${MISTAKES} of ${MISTAKES} can be sent after this fix`).waitFor()
  await recording.show(2_000)

  const send = `Send ${MISTAKES} lines`
  await recording.click(page.getByRole('button', { name: send }))
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await recording.show(1_500)
  await recording.click(dialog.getByRole('button', { name: send }))
  await recording.showUntil(page.getByText(`${MISTAKES} delivered, 0 rejected`).first().waitFor(), 400)
  await recording.show(3_000)
  return recording.encoded()
}
