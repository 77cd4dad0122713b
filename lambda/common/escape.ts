/** Characters that move the cursor, change colours, ring the bell or change the writing direction: C0, DEL, C1, bidi, line separators. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** Escapes text from outside (e.g. the name of a file), so that it stays on one line and cannot control a terminal. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A path or name for a command that is pasted into a shell: in quotes if the shell would split or change it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
