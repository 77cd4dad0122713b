import type { BrowserContext } from 'playwright-core'
import type { WebpFrame } from './animated-webp.ts'

/** A screenshot, and where the pointer is. */
export interface Shot {
  readonly png: Uint8Array
  readonly durationMs: number
  readonly pointer: { readonly x: number; readonly y: number; readonly isPressed: boolean }
}

type Part = Pick<WebpFrame, 'left' | 'top' | 'width' | 'height'>

interface EncodedFrame extends Omit<WebpFrame, 'webp'> {
  readonly base64: string
}

/** Draws the pointer into screenshots, and encodes of each only what differs from the one before. Chromium is the encoder. */
export async function encodeFrames(context: BrowserContext, shots: readonly Shot[]): Promise<readonly WebpFrame[]> {
  const blank = await context.newPage()
  try {
    const given = shots.map(({ png, ...shot }) => ({ ...shot, base64: Buffer.from(png).toString('base64') }))
    const encoded = await blank.evaluate(encodeInBrowser, given)
    return encoded.map(({ base64, ...frame }) => ({ ...frame, webp: Buffer.from(base64, 'base64') }))
  } finally {
    await blank.close()
  }
}

/** Runs in the browser, so it can use nothing from outside. */
async function encodeInBrowser(
  shots: readonly (Omit<Shot, 'png'> & { readonly base64: string })[],
): Promise<readonly EncodedFrame[]> {
  const WITHOUT_LOSS = 1 // to Chromium
  const READABLE = 0.85
  const frames: EncodedFrame[] = []
  let before: Uint32Array | undefined
  for (const { base64, durationMs, pointer } of shots) {
    const { canvas, context } = await drawn(base64)
    drawPointer(context, pointer)
    const { width, height } = canvas
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
    const part = changedPart(before, pixels, width, height)
    const last = frames.at(-1)
    if (part === undefined && last !== undefined)
      frames[frames.length - 1] = { ...last, durationMs: last.durationMs + durationMs }
    else {
      const changed = part ?? { left: 0, top: 0, width, height }
      frames.push({ ...changed, durationMs, base64: await smallest(canvas, changesOnly(pixels, before), changed) })
    }
    before = pixels
  }
  return frames

  async function drawn(png: string) {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })
    if (context === null) throw new Error('the browser has no canvas')
    context.drawImage(image, 0, 0)
    return { canvas, context }
  }

  function drawPointer(context: OffscreenCanvasRenderingContext2D, { x, y, isPressed }: Shot['pointer']): void {
    if (isPressed) {
      context.beginPath()
      context.arc(x, y, 16, 0, 2 * Math.PI)
      context.fillStyle = 'rgb(0 110 180 / 35%)'
      context.fill()
    }
    const arrow = new Path2D(`M${x} ${y} v19 l4.5 -4 3 7 3.5 -1.5 -3 -7 h6 z`)
    context.lineWidth = 2
    context.lineJoin = 'round'
    context.strokeStyle = 'white'
    context.fillStyle = 'black'
    context.stroke(arrow)
    context.fill(arrow)
  }

  /** @returns undefined if nothing differs */
  function changedPart(old: Uint32Array | undefined, now: Uint32Array, width: number, height: number): Part | undefined {
    if (old === undefined) return { left: 0, top: 0, width, height }
    let [left, top, right, bottom] = [width, height, -1, -1]
    for (let at = 0; at < now.length; at += 1) {
      if (now[at] === old[at]) continue
      const x = at % width
      const y = (at - x) / width
      if (x < left) left = x
      if (x > right) right = x
      if (y < top) top = y
      bottom = y
    }
    if (bottom < 0) return undefined
    left -= left % 2
    top -= top % 2
    return { left, top, width: right + 1 - left, height: bottom + 1 - top }
  }

  /** What has not changed is transparent. */
  function changesOnly(now: Uint32Array, old: Uint32Array | undefined): Uint8ClampedArray<ArrayBuffer> {
    return new Uint8ClampedArray(now.map((pixel, at) => (pixel === old?.[at] ? 0 : pixel)).buffer)
  }

  /** Text on plain ground is smaller without loss, a whole view with it. Which one is smaller is only seen when it is encoded. */
  async function smallest(canvas: OffscreenCanvas, changes: Uint8ClampedArray<ArrayBuffer>, part: Part): Promise<string> {
    const whole = partOf(part, (context) => {
      context.drawImage(canvas, -part.left, -part.top)
    })
    const changed = partOf(part, (context) => {
      context.putImageData(new ImageData(changes, canvas.width), -part.left, -part.top)
    })
    const encodings = await Promise.all([
      changed.convertToBlob({ type: 'image/webp', quality: WITHOUT_LOSS }),
      whole.convertToBlob({ type: 'image/webp', quality: WITHOUT_LOSS }),
      whole.convertToBlob({ type: 'image/webp', quality: READABLE }),
    ])
    const [least] = encodings.toSorted((one, other) => one.size - other.size)
    if (least === undefined) throw new Error('nothing was encoded')
    return base64Of(least)
  }

  function partOf({ width, height }: Part, draw: (context: OffscreenCanvasRenderingContext2D) => void): OffscreenCanvas {
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    if (context !== null) draw(context)
    return canvas
  }

  function base64Of(blob: Blob): Promise<string> {
    return new Promise((resolve) => {
      const reader = new FileReader()
      reader.onload = () => {
        resolve(typeof reader.result === 'string' ? reader.result.replace(/^.*,/, '') : '')
      }
      reader.readAsDataURL(blob)
    })
  }
}
