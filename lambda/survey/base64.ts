/** A multiple of three, so that the parts of a base64 text can be joined; small enough for the arguments of a call. */
const PART_BYTES = 12_288

/** Without Node's Buffer: the page surveys files in the browser. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += PART_BYTES) text += btoa(String.fromCharCode(...bytes.subarray(at, at + PART_BYTES)))
  return text
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
