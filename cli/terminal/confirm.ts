import { createInterface } from 'node:readline/promises'
import { SetupError } from '../../lambda/errors.ts'
import { messageText } from './layout.ts'

/**
 * Asks the user a yes-or-no question. Only "y" or "yes" means yes.
 *
 * @throws SetupError if stdin is not a terminal
 */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY)
    throw new SetupError(`${question} There is no terminal to ask on. Add --yes to continue without a question.`)
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    // Readline expects a question of one row.
    const rows = messageText(`${question} [y/N]`, process.stderr).split('\n')
    const last = rows.pop() ?? ''
    for (const row of rows) process.stderr.write(`${row}\n`)
    return /^y(es)?$/i.test((await reader.question(`${last} `)).trim())
  } finally {
    reader.close()
  }
}
