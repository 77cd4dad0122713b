import { printable } from '../terminal/escape.ts'
import { wrappedBeside } from '../terminal/layout.ts'
import { counted } from '../terminal/numbers.ts'
import { styled, type Output, type Style } from '../terminal/output.ts'
import type { Finding } from './finding.ts'

const COLUMN = 13

const STYLES: Readonly<Record<Finding['result'], Style>> = { ok: 'green', warning: 'yellow', wrong: 'red', 'not checked': 'dim' }

/** The finding, wrapped, and each of its commands on a row of its own, so that it can be copied. */
export function findingText({ check, result, text, commands = [] }: Finding, output: Output): string {
  const [first = '', ...others] = wrappedBeside('', printable(`${check}: ${text}`), COLUMN)
  const label = styled(output, STYLES[result], result) + ' '.repeat(COLUMN - result.length)
  const rows = [label + first.slice(COLUMN), ...others, ...commands.map((command) => ' '.repeat(COLUMN + 2) + printable(command))]
  return `${rows.join('\n')}\n`
}

export function totalText(findings: readonly Finding[]): string {
  const count = (result: Finding['result']) => findings.filter((finding) => finding.result === result).length
  const parts = [
    `${counted(count('wrong'), 'problem')}, ${counted(count('warning'), 'warning')}`,
    ...(count('not checked') > 0 ? [`${count('not checked')} not checked`] : []),
  ]
  return `${parts.join(', ')}.\n`
}
