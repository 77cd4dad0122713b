import { isObject } from './json-object.ts'

/** The lines of an edited text: several if each of them is an object, otherwise one. */
export function linesOf(text: string): readonly string[] {
  const parts = text.split(/[\r\n]+/).filter((part) => part.trim() !== '')
  return parts.length > 1 && parts.every(isObject) ? parts.map((part) => part.trim()) : [onOneLine(text)]
}

/** Joins the lines of a JSON object: between its tokens a line end is equal to a space, and JSON allows line ends nowhere else. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').trim()
}
