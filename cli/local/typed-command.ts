import { printable, shellWord } from '../terminal/escape.ts'

/** The command that was typed, for hints: it works when it is pasted into the same shell. @param args arguments of the program */
export function typedCommand(args: readonly string[]): string {
  return ['npx km-import', ...args.map((arg) => shellWord(printable(arg)))].join(' ')
}

/** The same without `--once` and `--json`: it keeps running, so that other commands can reach the importer. */
export function continuousCommand(args: readonly string[]): string {
  return typedCommand(args.filter((arg) => arg !== '--once' && arg !== '--json'))
}
