import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import about from '../package.json' with { type: 'json' }
import { bundled } from './bundled.ts'
import type { Result } from './lines.ts'
import { median } from './measure.ts'

const ROUNDS = 7
/** Of a file of 50,000 lines. */
const COPIES = 10
const ROOT = path.join(import.meta.dirname, '..')
const EXAMPLE = path.join(ROOT, 'examples', 'mixed-50000.jsonl.gz')
/** The Node flags and the program of `npm run km-import`. */
const [, ...PROGRAM] = about.scripts['km-import'].split(' ')

/** Runs Node and measures from the start of the process to its end, as a user waits. @returns seconds */
async function timed(args: readonly string[], exitCode: number): Promise<number> {
  const start = performance.now()
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== exitCode) throw new Error(`${args.join(' ')} ended with ${String(code)}`)
  return (performance.now() - start) / 1000
}

/** How long a preview takes, compared with split2 and JSON.parse alone on the same file in the same rounds. */
export async function benchPreview(rounds = ROUNDS): Promise<readonly Result[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-preview-'))
  try {
    const file = path.join(folder, 'example.jsonl')
    await writeFile(file, Buffer.concat(Array<Buffer>(COPIES).fill(await promisify(gunzip)(await readFile(EXAMPLE)))))
    const bare = [await bundled('split-process.ts', folder), file]
    const preview = [...PROGRAM, 'preview', file]
    const seconds = { bare: [] as number[], preview: [] as number[] }
    for (let round = 0; round <= rounds; round += 1) {
      const [bareSeconds, previewSeconds] = [await timed(bare, 0), await timed(preview, 1)] // 1: some lines of the example are invalid
      if (round === 0) continue // the warm-up fills the cache of compiled code
      seconds.bare.push(bareSeconds)
      seconds.preview.push(previewSeconds)
    }
    return [
      { name: 'split2 + JSON.parse alone, 500,000 lines, a process', value: median(seconds.bare), unit: 's' },
      { name: 'km-import preview, 500,000 lines, a process', value: median(seconds.preview), unit: 's' },
      {
        name: 'speed, preview / split2 + JSON.parse alone',
        value: median(seconds.bare.map((time, round) => time / (seconds.preview[round] ?? NaN))),
        unit: 'ratio',
        target: '>= 0.50',
      },
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

if (import.meta.main) for (const { name, value, unit } of await benchPreview()) console.log(name, value.toFixed(2), unit)
