import { REASONS } from '../../../lambda/reasons.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import type { DeadLetterReason } from '../../rejects/content.ts'

/** How a thing stands; each has a colour and a shape of its own, so that nobody has to tell colours apart. */
export type Tone = 'going' | 'good' | 'warn' | 'bad' | 'idle'

/** What became of a drop, in the words that the terminal has too. */
export const STATES: Readonly<Record<ReportState, { readonly words: string; readonly tone: Tone }>> = {
  importing: { words: 'importing', tone: 'going' },
  complete: { words: 'complete', tone: 'good' },
  'complete-with-rejects': { words: 'complete, some lines came back', tone: 'warn' },
  failed: { words: 'came back as a whole', tone: 'bad' },
  superseded: { words: 'not imported: replaced by a newer file of that name', tone: 'idle' },
  gone: { words: 'not imported: deleted before it was read', tone: 'idle' },
}

/** Of what the importer did not hand back itself; told here for a page that has buttons, and not for a terminal. */
const OTHERS: Readonly<Record<Exclude<DeadLetterReason, keyof typeof REASONS>, { readonly means: string; readonly fix: string }>> = {
  import_unfinished: {
    means: 'An import failed at every try, as while the endpoint, the key or a permission was wrong',
    fix: 'When that is put right, choose “Try again”. Lines that were sent are not counted twice.',
  },
  unknown_message: {
    means: 'Somebody else’s message',
    fix: 'Something else sends to the import queue: tell whoever runs it. It can be put away.',
  },
}

export function isReason(text: string): text is DeadLetterReason {
  return Object.hasOwn(REASONS, text) || Object.hasOwn(OTHERS, text)
}

export function meansOf(reason: DeadLetterReason): string {
  return labelOf(reason).means
}

export function fixTextOf(reason: DeadLetterReason): string {
  return labelOf(reason).fix
}

/** A report or a letter may come from a newer importer, with a reason that is not known here. */
function labelOf(reason: DeadLetterReason): { readonly means: string; readonly fix: string } {
  if (reason === 'import_unfinished' || reason === 'unknown_message') return OTHERS[reason]
  return Object.hasOwn(REASONS, reason) ? REASONS[reason] : { means: reason, fix: '' }
}

/** The fixes that `readFix` knows, as a person thinks of them. */
export type FixKind = 'ms-timestamps' | 'trim' | 'rename' | 'drop'

export interface FixSuggestion {
  readonly kind: FixKind
  /** The name that the fix is about, where the rejection tells it. */
  readonly name?: string
  /** What it is to be called, where there is only one thing that it can be called. */
  readonly to?: string
}

/** What mostly mends lines that came back for a reason; for the others nothing does that could be done alike. */
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

/** Which fix mostly mends what came back for a reason. @param detail of one of the lines: it may name a property */
export function suggestFix(reason: DeadLetterReason, detail: string): FixSuggestion | undefined {
  const fix = USUAL_FIXES[reason]
  const name = nameIn(detail)
  return fix?.kind === 'drop' && fix.name === undefined && name !== undefined ? { ...fix, name } : fix
}

/** A detail writes the name of a property as JSON does; one that was cut ends with an ellipsis, and is no name. */
function nameIn(detail: string): string | undefined {
  const quoted = /\("((?:[^"\\]|\\.)*)"/.exec(detail)?.[1]
  if (quoted === undefined || quoted.endsWith('…')) return undefined
  try {
    return JSON.parse(`"${quoted}"`) as string
  } catch {
    return undefined // whoever else can write to the queue may have written it
  }
}
