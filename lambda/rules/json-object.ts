/** Whether a text is one JSON object. In such a text, tabs and line ends occur only between tokens. */
export function isObject(text: string): boolean {
  try {
    return text.trimStart().startsWith('{') && typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}
