import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import about from '../package.json' with { type: 'json' }
import { bundled } from './bundled.ts'
import { median } from './measure.ts'
import { print, type Result } from './result.ts'

/** Copies of a file of 50,000 lines, how often they are previewed, and what is expected: a large file is read by two processors. */
const FILES = [
  { copies: 10, rounds: 7, target: '>= 0.85' },
  { copies: 50, rounds: 3, target: '>= 1.00' },
] as const
const LINES_PER_COPY = 50_000
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

/** How long a preview takes, compared with split2 and JSON.parse alone on the same file in the same rounds. @param isQuick one round of the smaller file */
export async function benchPreview(isQuick = false): Promise<readonly Result[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-preview-'))
  try {
    const example = await promisify(gunzip)(await readFile(EXAMPLE))
    const bareProgram = await bundled('split-process.ts', folder)
    const results: Result[] = []
    for (const { copies, rounds, target } of isQuick ? FILES.slice(0, 1) : FILES) {
      const file = path.join(folder, 'example.jsonl')
      await writeFile(file, Array<Buffer>(copies).fill(example))
      const lines = (copies * LINES_PER_COPY).toLocaleString('en')
      results.push(...(await compare(bareProgram, file, { lines, rounds: isQuick ? 1 : rounds, target })))
    }
    return results
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Comparison {
  readonly lines: string
  readonly rounds: number
  readonly target: string
}

async function compare(bareProgram: string, file: string, { lines, rounds, target }: Comparison): Promise<readonly Result[]> {
  const seconds = { bare: [] as number[], preview: [] as number[] }
  for (let round = 0; round <= rounds; round += 1) {
    const bareSeconds = await timed([bareProgram, file], 0)
    const previewSeconds = await timed([...PROGRAM, 'preview', file], 1) // 1: some lines of the example are invalid
    if (round === 0) continue // the warm-up fills the cache of compiled code
    seconds.bare.push(bareSeconds)
    seconds.preview.push(previewSeconds)
  }
  return [
    { name: `split2 + JSON.parse alone, ${lines} lines, a process`, value: median(seconds.bare), unit: 's' },
    { name: `km-import preview, ${lines} lines, a process`, value: median(seconds.preview), unit: 's' },
    {
      name: `speed, preview / split2 + JSON.parse alone, ${lines} lines`,
      value: median(seconds.bare.map((time, round) => time / (seconds.preview[round] ?? NaN))),
      unit: 'ratio',
      target,
    },
  ]
}

if (import.meta.main) print(await benchPreview())
