/** Words that programs write for a value that is absent. */
const ABSENT = String.raw`null|undefined|none|nan|nil|undef|void|empty|blank|missing|unset|\\+n|-?infinity`
/** Words that many people share. */
const SHARED = 'anonymous|anon|unknown|unidentified|guest|visitor|nobody|no[ _-]?(?:email|e-mail|mail|name|id|user)'
const OTHERS = [
  String.raw`n[./\\]?a\.?|#n/a|#(?:null|ref|value|name|num|div/0)[!?]?`,
  String.raw`not[ _-]?(?:set|available|applicable|provided|given|known|found|a[ _-]?number)`,
  String.raw`(?:anonymous|unknown|guest)[ _-](?:user|person|visitor|customer|id)`,
  String.raw`object \w+|object|true|false`,
  String.raw`[-+]?0+(?:\.0*)?|-1|[-–—_.?*#]+`,
  String.raw`[0-]{20,}`, // a UUID of zeros
  String.raw`\{\{.*\}\}|\{\}|\$\{.*\}|\*\|.*\|\*|%%.*%%|<%.*%>|\[\]`, // a template that was not filled in
].join('|')

/** The same word may stand in brackets or quotes, twice (first and last name), or in front of an email domain. */
const PLACEHOLDER = new RegExp(
  String.raw`^["'<([]*(?:(${ABSENT})(?:[ _.-]\1)*(?:@.*)?|(?:${SHARED})(?:@.*)?|${OTHERS})["'>)\]]*$`,
  'i',
)

/** Longer identities are never placeholders, except for templates and email addresses. */
const MAX_CHARACTERS = 120

/**
 * Whether an identity is the text of an absent value (`null`, `[object Object]`) or one that many people share (`guest`, `-`), so that it
 * makes one person out of many.
 *
 * @param identity without spaces and invisible characters around it
 * @see Kissmetrics, "Identities": never identify people by generic names
 */
export function isPlaceholder(identity: string): boolean {
  return identity.length <= MAX_CHARACTERS && PLACEHOLDER.test(identity)
}
