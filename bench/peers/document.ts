import { readFile, writeFile } from 'node:fs/promises'

const START = '<!-- peers:start -->'
const END = '<!-- peers:end -->'

/** Replaces what is between the two markers of a document. @throws Error if a marker is missing */
export function withTables(document: string, tables: string): string {
  const [start, end] = [document.indexOf(START), document.indexOf(END)]
  if (start === -1 || end < start) throw new Error(`The document needs the line ${START} and, below it, the line ${END}.`)
  return `${document.slice(0, start)}${START}\n\n${tables}\n\n${document.slice(end)}`
}

export async function writeTables(file: string, tables: string): Promise<void> {
  await writeFile(file, withTables(await readFile(file, 'utf8'), tables))
}
