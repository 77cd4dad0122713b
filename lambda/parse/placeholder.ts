// cspell:ignore anonyme nimo gast invitado visiteur unbekannt inconnu desconocido desconhecido inity nonetype

/** Words that programs write for a value that is absent. */
const ABSENT = String.raw`null|undefined|none|nan|nil|undef|void|empty|blank|missing|unset|\\+n`
/** Words that many people share. */
const SHARED = [
  'anonymous|anon|unknown|unidentified|unregistered|unassigned|guest|visitor|nobody|no[ -]?one|redacted|removed|deleted|masked',
  'anonyme?|an[oóô]nimo|gast|invitado|visiteur|unbekannt|inconnu|desconocido|desconhecido|匿名|游客|未知|ゲスト',
  'no[ _-]?(?:value|email|e-mail|mail|name|id|user)|(?:not[ _-]?)?(?:logged|signed)[ _-]?(?:in|out)',
].join('|')
const OTHERS = [
  String.raw`n[./\\]?a\.?|<na>|n\.d\.|#n/a|#(?:null|ref|value|name|num|div/0)[!?]?|[-+]?(?:nan|inf(?:inity)?|1\.?#(?:inf|ind|[sq]nan))`,
  String.raw`not?[ _-]?(?:set|available|applicable|provided|given|known|found|a[ _-]?number)`,
  String.raw`(?:anonymous|unknown|guest)[ _-](?:user|person|visitor|customer|id)`,
  // What programs write for an object
  String.raw`object|\[?object \w+(?:\],\[object \w+)*|nonetype|system\.(?:object|string)|true|false`,
  String.raw`optional\((?:nil|none|null)\)|%!s\(<nil>\)|&lt;(?:null|nil|none|undefined)&gt;`,
  String.raw`[-+]?0[0-]*(?:\.0*)?|f{8}-f{4}-f{4}-f{4}-f{12}|-1|[-\u2013\u2014_.?*#@]+|x{3,}`, // UUIDs of zeros and of ones are among them
  // A template that was not filled in. A UUID in braces is not one.
  String.raw`\{\{.*\}\}|\{\}|\{!?[a-z_. ]+\}|\$\{.*\}|[#@]\{[\w. ]+\}|\*\|.*\|\*|%%.*%%|%[a-z_.]+%|%\([a-z_.]+\)s|<%.*%>|\[\]|\[\[.*\]\]`,
].join('|')

/** The same word may stand in brackets or quotes, several times (first and last name), or in front of an email domain. */
const PLACEHOLDER = new RegExp(
  String.raw`^["'<([]*(?:(?:${ABSENT})(?:[\s_.,:;|/-]*(?:${ABSENT}))*(?:[.,;!]|@.*)?|(?:${SHARED})(?:@.*)?|${OTHERS})["'>)\]]*$`,
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
  return identity.length <= MAX_CHARACTERS && PLACEHOLDER.test(withoutWideLetters(identity))
}

/** Full-width letters become ordinary ones. */
function withoutWideLetters(text: string): string {
  return /[\uff01-\uff5e]/.test(text) ? text.normalize('NFKC') : text
}
