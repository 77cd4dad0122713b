import type { Locator, Page } from 'playwright-core'
import { animatedWebp, type WebpFrame } from './animated-webp.ts'
import { encodeFrames, type Shot } from './encode-frames.ts'

interface Point {
  readonly x: number
  readonly y: number
}

const MOVE_STEPS = 5
const MOVE_STEP_MS = 50
const PRESS_MS = 160

/** Records what a user does in a page, with a pointer, because a screenshot shows none. */
export class ScreenRecording {
  readonly #page: Page
  readonly #shots: Shot[] = []
  #pointer: Point

  constructor(page: Page) {
    this.#page = page
    const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
    this.#pointer = { x: width / 2, y: height / 2 }
  }

  /** What is shown now, for this long. */
  async show(durationMs: number): Promise<void> {
    await this.#shoot(durationMs)
  }

  /** Records while something happens. @param intervalMs the time between two pictures */
  async showUntil(happened: Promise<unknown>, intervalMs: number): Promise<void> {
    const done = happened.then(() => true)
    for (let isDone = false; !isDone;) {
      await this.#shoot(intervalMs)
      isDone = await Promise.race([done, this.#page.waitForTimeout(intervalMs).then(() => false)])
    }
  }

  /** Moves the pointer to an element that is on the screen, or is scrolled to. */
  async pointAt(target: Locator): Promise<void> {
    await target.waitFor()
    await this.#scrollTo(target)
    const box = await target.boundingBox()
    if (box === null) throw new Error('the element is not shown')
    const { x, y } = this.#pointer
    const to = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    for (let step = 1; step <= MOVE_STEPS; step += 1) {
      const share = step / MOVE_STEPS
      this.#pointer = { x: x + (to.x - x) * share, y: y + (to.y - y) * share }
      await this.#page.mouse.move(this.#pointer.x, this.#pointer.y)
      await this.#shoot(MOVE_STEP_MS)
    }
  }

  async click(target: Locator): Promise<void> {
    await this.pointAt(target)
    await this.#shoot(PRESS_MS, true)
    await target.click()
  }

  /** The recording as an animated WebP. */
  async encoded(): Promise<Buffer> {
    const { width, height } = this.#page.viewportSize() ?? { width: 0, height: 0 }
    const frames: readonly WebpFrame[] = await encodeFrames(this.#page.context(), this.#shots)
    return animatedWebp(width, height, frames)
  }

  async #scrollTo(target: Locator): Promise<void> {
    const top = () => this.#page.evaluate(() => scrollY)
    const before = await top()
    await target.scrollIntoViewIfNeeded()
    if ((await top()) !== before) await this.#shoot(400)
  }

  async #shoot(durationMs: number, isPressed = false): Promise<void> {
    const png = await this.#page.screenshot()
    this.#shots.push({ png, durationMs, pointer: { ...this.#pointer, isPressed } })
  }
}
