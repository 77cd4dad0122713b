import path from 'node:path'

/** From here, where it lies below; a way through `..` is longer to read than the whole path. */
export function displayPath(file: string): string {
  const fromHere = path.relative('', file)
  return fromHere.startsWith('..') ? file : fromHere
}
