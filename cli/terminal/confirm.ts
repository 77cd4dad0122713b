import { createInterface } from 'node:readline/promises'
import { SetupError } from '../../lambda/errors.ts'

/**
 * Asks before something is done; only a plain yes is one.
 *
 * @throws SetupError where nobody is there to answer
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY) throw new SetupError(`${question} Nobody is there to answer: add --yes to go on without being asked.`)
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim())
  } finally {
    reader.close()
  }
}
