import { printable } from '../../lambda/common/escape.ts'

export { printable, shellWord } from '../../lambda/common/escape.ts'

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
