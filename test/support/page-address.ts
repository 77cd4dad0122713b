import { eventually } from './installation.ts'
import type { Program } from './program.ts'

/** Waits until local mode has printed the address of its page. */
export function pageAddressOf(program: Program): Promise<string> {
  return eventually('the address of the page', () =>
    Promise.resolve(/http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\//.exec(program.stderr)?.[0]),
  )
}
