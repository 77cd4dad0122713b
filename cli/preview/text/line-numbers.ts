import { fitted, listed } from '../../terminal/layout.ts'
import type { LinePosition } from '../summary.ts'

/** Line numbers of one file, with its name if there are several files. */
export function lineNumbersText(lines: readonly LinePosition[], count: number, isNamingFiles: boolean, columns: number): string {
  const [first] = lines
  if (first === undefined) return ''
  const inFirst = lines.filter(({ file }) => file === first.file)
  const word = inFirst.length === 1 ? 'line' : 'lines'
  const numbers = inFirst.map(({ line }) => String(line))
  const isAll = inFirst.length === count
  if (!isNamingFiles) return `${word} ${listed(numbers, columns - word.length - 1, isAll)}`
  // The end of a path says more than its start.
  const name = first.file.split('/').at(-1) ?? ''
  const numbersText = `${word} ${listed(numbers, Math.max(12, columns - name.length - word.length - 2), isAll)}`
  return `${fitted(name, Math.max(8, columns - numbersText.length - 1))} ${numbersText}`
}
