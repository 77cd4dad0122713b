import { trimmed, withoutHidden } from './invisible.ts'

/** Printable ASCII that begins and ends like most identities, without a comma. */
const USUAL = /^[\w.+@/-](?:[ -+\--~]*[\w.+@/=-])?$/
const MAILTO = 'mailto'
const COLON = 0x3a
const AROUND = /^["'<([{]|["'>)\]}]$|,\s*\S+@/
/** Joiners and variation selectors are parts of some letters and emoji. */
const DRAWN_WITH_OTHERS = /[\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u{e0020}-\u{e007f}]/gu

/**
 * Whether an identity has spaces, quotes or brackets around it, or invisible characters in it. Kissmetrics then makes another person than
 * for the same identity without them.
 */
export function isUnusual(identity: string): boolean {
  if (USUAL.test(identity)) return identity.charCodeAt(MAILTO.length) === COLON && identity.toLowerCase().startsWith(MAILTO)
  if (AROUND.test(identity) || trimmed(identity) !== identity) return true
  const visible = identity.replace(DRAWN_WITH_OTHERS, '').replaceAll(' ', '')
  return withoutHidden(visible) !== visible
}

/** What `identityMeaning` would not change: lower-case ASCII text, unless it is a number; and whole numbers. */
const PLAIN = /^(?:(?!\d+(?:\.\d*)?(?:e\+?\d+)?$)[a-z0-9_][a-z0-9_.@+/=-]*|[1-9]\d{0,14}|0)$/
const NUMBER = /^[+]?\d{1,15}(?:\.\d*)?(?:e[+]?\d{1,2})?$/

/**
 * What was probably meant by an identity: without capitals, spaces, quotes and invisible characters, with accents in one encoding, and
 * numbers in one form.
 */
export function identityMeaning(identity: string): string {
  if (PLAIN.test(identity)) return identity
  const visible = withoutHidden(identity.normalize('NFKC')).toLowerCase()
  const bare = visible.replace(/^(?:mailto:|["'<([{]+)+/, '').replace(/["'>)\]}]+$/, '')
  const meaning = bare === '' ? visible : bare
  return NUMBER.test(meaning) ? String(Number(meaning)) : meaning.replace(/[,:]/g, ' ')
}

/** Whether an identity is written as `identityMeaning` would write it. */
export function isPlainIdentity(identity: string): boolean {
  return PLAIN.test(identity) || identityMeaning(identity) === identity
}
