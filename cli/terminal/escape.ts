/** Whatever could move the cursor, change colours, ring, or turn the direction of writing: C0, DEL, C1, bidi and line separators. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** Text that came from outside, such as a file's name, made harmless for a terminal and a page: one line, and nothing in it is obeyed. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** 50000 → 50,000 */
export function grouped(number: number): string {
  return number.toLocaleString('en-US') // V8 keeps the format it makes, and only makes it when it is needed: 8 ms
}

/** 1 → "1 line", 50000 → "50,000 lines" */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`
}

/** A path or name for a command that is pasted into a shell: in quotes if the shell would split or change it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
