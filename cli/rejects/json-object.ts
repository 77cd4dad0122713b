/** Whether a text is an object in JSON: then tabs and line ends are only between its parts. */
export function isObject(text: string): boolean {
  try {
    return text.trimStart().startsWith('{') && typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}
