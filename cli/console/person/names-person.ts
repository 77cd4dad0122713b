import type { Entry } from '../../../lambda/parse/entry.ts'
import { identityMeaning } from '../../../lambda/parse/identity-meaning.ts'

/** Says whether a line is about a person, as it was sent or as it was written: an import rule can change an identity. */
export function personMatcher(identity: string): (entry: Entry) => boolean {
  const meaning = identityMeaning(identity)
  const isPerson = (value: unknown): boolean =>
    (typeof value === 'string' || typeof value === 'number') && identityMeaning(String(value)) === meaning
  const lowerCase = identity.trim().toLowerCase()
  return (entry) => {
    if (entry.kind === 'ready' && entry.parsed.commands.some((command) => isPerson(command.person) || isPerson(otherOf(command))))
      return true
    const { text } = entry.line
    const written = identitiesIn(text)
    // A line that is not JSON may be about this person: its text says so, but not as what.
    return written === undefined ? lowerCase !== '' && text.toLowerCase().includes(lowerCase) : written.some(isPerson)
  }
}

function otherOf(command: Extract<Entry, { readonly kind: 'ready' }>['parsed']['commands'][number]): string | undefined {
  return command.kind === 'alias' ? command.other : undefined
}

/** @returns undefined if the line is not JSON */
function identitiesIn(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && ('_p' in value || '_p2' in value)
      ? ['_p', '_p2'].map((name) => (value as Readonly<Record<string, unknown>>)[name])
      : undefined
  } catch {
    return undefined
  }
}
