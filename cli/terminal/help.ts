import { Help, type Command, type Option } from 'commander'

/** What `--json` does, in the help of each command that has it. */
export const JSON_DOCUMENT = 'write one JSON document to stdout, and nothing else'

/** Every help ends with an example that works when it is pasted. */
export function afterHelp(example: string, exitCodes: Readonly<Record<number, string>> = {}): string {
  const rows = Object.entries(exitCodes).map(([code, meaning]) => `  ${code.padEnd(4)} ${meaning}\n`)
  return `\nExample:\n  ${example}\n${rows.length === 0 ? '' : `\nExit codes:\n${rows.join('')}`}`
}

/** Leaves out a default that is true of every option of its kind: a flag is not given, and a list has nothing in it. */
export function optionDescription(option: Option): string {
  const { defaultValue } = option as { readonly defaultValue: unknown }
  const isObvious = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0)
  return isObvious ? option.description : new Help().optionDescription(option)
}

/** Leaves out "[options]", which is true of every command, so that most descriptions fit on one row. */
export function subcommandTerm(command: Command): string {
  return new Help().subcommandTerm(command).replace(' [options]', '')
}

/** An option that can be given several times. */
export function collected(value: string, values: readonly string[]): readonly string[] {
  return [...values, value]
}
