import { useId, useState, type Dispatch } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import type { FixSuggestion, SimpleFixKind } from '../../suggestions/suggest-fix.ts'
import type { FixSuggestions } from '../../suggestions/fix-trial.ts'
import './fix-buttons.css'
import { SIMPLE_LABELS } from './fix-labels.ts'
import { SuggestedFixes } from './suggested-fixes.tsx'
import { ZoneField } from './zone-field.tsx'

const SIMPLE_EXAMPLES: Readonly<Record<SimpleFixKind, ComponentChildren>> = {
  'ms-timestamps': (
    <>
      <code>_t</code> 1393344604000 becomes 1393344604
    </>
  ),
  trim: 'around names, values and the line itself',
  bom: 'left from joining files',
  octal: '\\303\\251 becomes é',
  unpack: 'a text that contains the object',
  'split-objects': 'for several objects on one line',
}

const NAME_FIXES = [
  { kind: 'list', label: 'Take the list', note: 'and write each of its objects on its own line' },
  { kind: 'lift', label: 'Take the contents of', note: 'and put them in its place' },
  { kind: 'drop', label: 'Remove', note: 'and its value' },
] as const

interface FixButtonsProps {
  /** Fixes that were tried on the lines; left out while they are tried. */
  readonly found: FixSuggestions | undefined
  /** What is usually wrong with lines like these: fills in the names. */
  readonly suggestion: FixSuggestion | undefined
  /** @param names as after `--fix` */
  readonly onFix: (names: readonly string[]) => void
}

/** The fixes that can be applied to all lines the same way: those that were seen to help, and the others. */
export function FixButtons({ found, suggestion, onFix }: FixButtonsProps) {
  const suggested = new Set(found?.suggestions.flatMap(({ fixes }) => (fixes.length === 1 ? fixes : [])))
  const others = (Object.keys(SIMPLE_LABELS) as SimpleFixKind[]).filter((kind) => !suggested.has(kind))
  return (
    <>
      <SuggestedFixes found={found} onFix={onFix} />
      <details class="other-fixes" open={found?.suggestions.length === 0 && found.open > 0}>
        <summary>Other fixes</summary>
        <div class="fixes" role="group" aria-label="Other fixes for all lines">
          {others.map((kind) => (
            <div key={kind} class="fix">
              <button
                type="button"
                onClick={() => {
                  onFix([kind])
                }}
              >
                {SIMPLE_LABELS[kind].action}
              </button>
              <span class="muted">{SIMPLE_EXAMPLES[kind]}</span>
            </div>
          ))}
          <DatesFix onFix={onFix} />
          <NamedFixes suggestion={suggestion} onFix={onFix} />
        </div>
      </details>
    </>
  )
}

function NamedFixes({ suggestion, onFix }: Pick<FixButtonsProps, 'suggestion' | 'onFix'>) {
  const { kind, name = '', to = '' } = suggestion ?? {}
  return (
    <>
      <RenameFix key={`rename ${to}`} suggested={to} onFix={onFix} />
      {NAME_FIXES.map((fix) => (
        <NameFix
          key={`${fix.kind} ${kind === fix.kind ? name : ''}`}
          {...fix}
          suggested={kind === fix.kind ? name : ''}
          onFix={onFix}
        />
      ))}
    </>
  )
}

interface NameFixProps {
  readonly suggested: string
  readonly onFix: (names: readonly string[]) => void
}

function RenameFix({ suggested, onFix }: NameFixProps) {
  const id = useId()
  const [from, setFrom] = useState('')
  const [to, setTo] = useState(suggested)
  // The fix is written as OLD=NEW.
  const hasEqualsSign = from.includes('=') || to.includes('=')
  return (
    <form
      class="fix"
      onSubmit={(event) => {
        event.preventDefault()
        onFix([`rename:${from}=${to}`])
      }}
    >
      <label for={`${id}-from`}>Rename</label>
      <NameField id={`${id}-from`} name={from} onName={setFrom} />
      <label for={`${id}-to`}>to</label>
      <NameField id={`${id}-to`} name={to} onName={setTo} />
      <button type="submit" disabled={from === '' || to === '' || hasEqualsSign}>
        Rename
      </button>
      {hasEqualsSign && <span class="muted">Rename a name with “=” by hand, in each line.</span>}
    </form>
  )
}

interface NamedFixProps extends NameFixProps {
  readonly kind: 'list' | 'lift' | 'drop'
  readonly label: string
  readonly note: string
}

/** A fix for one property. */
function NameFix({ kind, label, note, suggested, onFix }: NamedFixProps) {
  const id = useId()
  const [name, setName] = useState(suggested)
  return (
    <form
      class="fix"
      onSubmit={(event) => {
        event.preventDefault()
        onFix([`${kind}:${name}`])
      }}
    >
      <label for={id}>{label}</label>
      <NameField id={id} name={name} onName={setName} />
      <button type="submit" disabled={name === ''}>
        {label}
      </button>
      <span class="muted">{note}</span>
    </form>
  )
}

/** Dates without a time zone stay as they are until the user has named one. */
function DatesFix({ onFix }: Pick<NameFixProps, 'onFix'>) {
  const [zone, setZone] = useState('')
  return (
    <form
      class="fix"
      onSubmit={(event) => {
        event.preventDefault()
        onFix([zone === '' ? 'dates' : `dates:${zone}`])
      }}
    >
      <button type="submit">Dates to seconds</button>
      <ZoneField zone={zone} onZone={setZone} none="(leave them)" />
    </form>
  )
}

interface NameFieldProps {
  readonly id: string
  readonly name: string
  readonly onName: Dispatch<string>
}

function NameField({ id, name, onName }: NameFieldProps) {
  return (
    <input
      id={id}
      size={14}
      spellcheck={false}
      autocomplete="off"
      value={name}
      onInput={({ currentTarget }) => {
        onName(currentTarget.value)
      }}
    />
  )
}
