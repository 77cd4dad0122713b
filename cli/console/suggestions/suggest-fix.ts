import type { DeadLetterReason } from '../../rejects/content.ts'

/** The kinds of fixes that `readFix` knows. */
export type FixKind = SimpleFixKind | 'dates' | 'list' | 'lift' | 'rename' | 'drop'

/** Those without a name or a zone. */
export type SimpleFixKind = 'ms-timestamps' | 'trim' | 'bom' | 'octal' | 'unpack' | 'split-objects'

export interface FixSuggestion {
  readonly kind: FixKind
  /** The property that the fix is about, if the rejection names it. */
  readonly name?: string
  /** The new name of a `rename`. */
  readonly to?: string
}

/** What usually fixes lines that were rejected for a reason. For the other reasons, each line needs its own edit. */
const USUAL_FIXES: Readonly<Partial<Record<DeadLetterReason, FixSuggestion>>> = {
  timestamp_in_milliseconds: { kind: 'ms-timestamps' },
  invalid_json: { kind: 'trim' },
  not_an_object: { kind: 'trim' },
  invalid_property_name: { kind: 'trim' },
  missing_identity: { kind: 'rename', to: '_p' },
  missing_timestamp: { kind: 'rename', to: '_t' },
  invalid_alias: { kind: 'drop', name: '_p2' },
  alias_to_itself: { kind: 'drop', name: '_p2' },
  invalid_event_name: { kind: 'drop', name: '_n' },
  reserved_name: { kind: 'drop' },
  nested_property: { kind: 'drop' },
  invalid_property_value: { kind: 'drop' },
  property_value_too_long: { kind: 'drop' },
}

/** What the detail of a rejection says, and the fix for it. */
const DETAIL_FIXES: readonly (readonly [RegExp, FixSuggestion])[] = [
  [/it is a date/, { kind: 'dates' }],
  [/an octal escape/, { kind: 'octal' }],
  [/a byte order mark/, { kind: 'bom' }],
  [/a second object starts here/, { kind: 'split-objects' }],
  [/that contains JSON/, { kind: 'unpack' }],
  [/with an extra character/, { kind: 'trim' }],
]

/** The fix that usually helps. @param detail of one of the lines: it may name a property */
export function suggestFix(reason: DeadLetterReason, detail: string): FixSuggestion | undefined {
  const [, named] = DETAIL_FIXES.find(([words]) => words.test(detail)) ?? []
  if (named !== undefined) return named
  const inner = /\(each line is inside ("(?:[^"\\]|\\.)*")/.exec(detail)?.[1]
  if (inner !== undefined) return { kind: 'lift', name: propertyIn(`(${inner}`) ?? '' }
  const list = /\(the objects are in the list `([^`…]+)`/.exec(detail)?.[1]
  if (list !== undefined) return { kind: 'list', name: list }
  const fix = USUAL_FIXES[reason]
  const name = propertyIn(detail)
  return fix?.kind === 'drop' && fix.name === undefined && name !== undefined ? { ...fix, name } : fix
}

/** A detail quotes a property as JSON does. A quote that ends with an ellipsis was truncated, so it is not the full name. */
function propertyIn(detail: string): string | undefined {
  const quoted = /\("((?:[^"\\]|\\.)*)"/.exec(detail)?.[1]
  if (quoted === undefined || quoted.endsWith('…')) return undefined
  try {
    return JSON.parse(`"${quoted}"`) as string
  } catch {
    return undefined // another program that can write to the queue may have written the detail
  }
}
