import { afterAll, describe, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { HAS_BROWSER, openBrowser } from '../support/browser.ts'
import { ScreenRecording } from '../support/screen-recording.ts'

const RED = 'rgb(255, 0, 0)'
const BLUE = 'rgb(0, 0, 255)'

let opening: Promise<Browser> | undefined
afterAll(async () => {
  await (await opening)?.close()
})

/** What a browser sees in an animated picture: each frame's duration, and the colors at two points. */
async function playedBack(page: Page, recording: Buffer) {
  return page.evaluate(async (base64) => {
    const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const decoder = new ImageDecoder({ type: 'image/webp', data })
    await Promise.all([decoder.tracks.ready, decoder.completed])
    const { frameCount = 0, repetitionCount } = decoder.tracks.selectedTrack ?? {}
    const frames = []
    for (let frameIndex = 0; frameIndex < frameCount; frameIndex += 1) {
      const { image } = await decoder.decode({ frameIndex })
      const context = new OffscreenCanvas(image.displayWidth, image.displayHeight).getContext('2d')
      context?.drawImage(image, 0, 0)
      const colorAt = (x: number, y: number) => [...(context?.getImageData(x, y, 1, 1).data ?? [])]
      frames.push({
        ms: (image.duration ?? 0) / 1000,
        size: [image.displayWidth, image.displayHeight],
        colors: [colorAt(20, 20), colorAt(180, 120)],
      })
      image.close()
    }
    return { frames, repetitionCount }
  }, recording.toString('base64'))
}

const near = (...color: readonly number[]): unknown => color.map((channel) => expect.closeTo(channel, -1))

const describeWithBrowser = HAS_BROWSER ? describe : describe.skip

describeWithBrowser('a screen recording', () => {
  test('is an animation that browsers play: what changes is drawn over what was there', async () => {
    const context = await (await (opening ??= openBrowser())).newContext({ viewport: { width: 200, height: 140 } })
    const page = await context.newPage()
    const html = `<body style="background: ${RED}"><div style="position: fixed; inset: 11px 160px 94px 7px">`
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: html }))
    await page.goto('http://127.0.0.1/') // browsers decode only for pages with an address
    const recording = new ScreenRecording(page)
    await recording.show(500)
    await recording.show(250)
    await page.locator('div').evaluate((box, color) => {
      box.style.background = color
    }, BLUE)
    await recording.show(1_000)
    const { frames, repetitionCount } = await playedBack(page, await recording.encoded())
    expect(repetitionCount).toBe(Infinity)
    expect(frames).toEqual([
      { ms: 750, size: [200, 140], colors: [near(255, 0, 0, 255), near(255, 0, 0, 255)] },
      { ms: 1_000, size: [200, 140], colors: [near(0, 0, 255, 255), near(255, 0, 0, 255)] },
    ])
  })
})
