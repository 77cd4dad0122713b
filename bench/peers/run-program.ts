import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Figures } from '../measure.ts'

export interface Program {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly nodeFlags: readonly string[]
}

export type Ending =
  | { readonly kind: 'done'; readonly figures: Figures & { readonly rejected?: number } }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'killed' }
  | { readonly kind: 'too slow' }

/** A program that takes longer has a row that says so. */
export const MAX_MS = 180_000
const REASON_CHARS = 200

/**
 * Runs a program in a process of its own.
 *
 * @param untilKill resolves to true if the process has to be killed at that moment; its signal is aborted when the process has ended
 */
export async function runProgram(
  { args, env, nodeFlags }: Program,
  untilKill: (ended: AbortSignal) => Promise<boolean> = () => Promise.resolve(false),
): Promise<Ending> {
  const child = spawn(process.execPath, [...nodeFlags, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const out: Buffer[] = []
  let lastError = ''
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    lastError = `${lastError}${chunk.toString()}`.slice(-REASON_CHARS)
  })
  const ended = new AbortController()
  let [isKilled, isTooSlow] = [false, false]
  const timer = setTimeout(() => {
    isTooSlow = true
    child.kill('SIGKILL')
  }, MAX_MS)
  const kill = untilKill(ended.signal).then((isTime) => {
    if (!isTime) return
    isKilled = child.exitCode === null && child.kill('SIGKILL')
  })
  const [code] = (await closed) as [number | null]
  clearTimeout(timer)
  ended.abort()
  await kill
  if (code !== null) isKilled = false // it had ended before
  if (isTooSlow) return { kind: 'too slow' }
  if (isKilled) return { kind: 'killed' }
  if (code !== 0) return { kind: 'failed', reason: lastError.trim() }
  // A peer may write to stdout before.
  const last = Buffer.concat(out).toString().trimEnd().split('\n').at(-1) ?? ''
  return { kind: 'done', figures: JSON.parse(last) as Figures }
}
