import path from 'node:path'

/** A path as messages show it: relative if it is below the working directory, else absolute. */
export function displayPath(file: string): string {
  const relative = path.relative('', file)
  return relative.startsWith('..') ? file : relative
}
