import { useId, useState, type Dispatch } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import './fix-buttons.css'
import type { FixSuggestion, SimpleFixKind } from './suggest-fix.ts'

interface SimpleFixText {
  readonly kind: SimpleFixKind
  readonly label: string
  readonly example: ComponentChildren
  /** After it was chosen. */
  readonly done: string
}

const SIMPLE_FIXES: readonly SimpleFixText[] = [
  {
    kind: 'ms-timestamps',
    label: 'Milliseconds to seconds',
    example: (
      <>
        <code>_t</code> 1393344604000 becomes 1393344604
      </>
    ),
    done: 'milliseconds to seconds',
  },
  {
    kind: 'trim',
    label: 'Remove stray spaces and commas',
    example: 'around names, values and the line itself',
    done: 'stray spaces and commas removed',
  },
  { kind: 'bom', label: 'Remove byte order marks', example: 'left from joining files', done: 'byte order marks removed' },
  { kind: 'octal', label: 'Octal escapes to letters', example: '\\303\\251 becomes é', done: 'octal escapes to letters' },
  { kind: 'unpack', label: 'Unpack text', example: 'a text that contains the object', done: 'text unpacked' },
  {
    kind: 'split-objects',
    label: 'One object per line',
    example: 'for several objects on one line',
    done: 'one object per line',
  },
]

const NAME_FIXES = [
  { kind: 'list', label: 'Take the list', note: 'and write each of its objects on its own line' },
  { kind: 'lift', label: 'Take the contents of', note: 'and put them in its place' },
  { kind: 'drop', label: 'Remove', note: 'and its value' },
] as const

interface FixButtonsProps {
  /** What usually fixes lines like these. */
  readonly suggestion: FixSuggestion | undefined
  /** @param name as after `--fix` */
  readonly onFix: (name: string) => void
}

/** The fixes that can be applied to all lines the same way. */
export function FixButtons({ suggestion, onFix }: FixButtonsProps) {
  const { kind, name = '', to = '' } = suggestion ?? {}
  return (
    <div class="fixes" role="group" aria-label="Fix all the same way">
      {SIMPLE_FIXES.map((fix) => (
        <SimpleFix
          key={fix.kind}
          label={fix.label}
          isRecommended={kind === fix.kind}
          onFix={() => {
            onFix(fix.kind)
          }}
        >
          {fix.example}
        </SimpleFix>
      ))}
      <DatesFix isRecommended={kind === 'dates'} onFix={onFix} />
      <RenameFix
        key={`rename ${kind === 'rename' ? to : ''}`}
        isRecommended={kind === 'rename'}
        suggested={kind === 'rename' ? to : ''}
        onFix={onFix}
      />
      {NAME_FIXES.map((fix) => (
        <NameFix
          key={`${fix.kind} ${kind === fix.kind ? name : ''}`}
          {...fix}
          isRecommended={kind === fix.kind}
          suggested={kind === fix.kind ? name : ''}
          onFix={onFix}
        />
      ))}
    </div>
  )
}

interface SimpleFixProps {
  readonly label: string
  readonly isRecommended: boolean
  readonly onFix: () => void
  readonly children: ComponentChildren
}

function SimpleFix({ label, isRecommended, onFix, children }: SimpleFixProps) {
  return (
    <div class={classOf(isRecommended)}>
      <button type="button" onClick={onFix}>
        {label}
      </button>
      <span class="muted">{children}</span>
      {isRecommended && <Recommended />}
    </div>
  )
}

interface NameFixProps {
  readonly isRecommended: boolean
  readonly suggested: string
  readonly onFix: (name: string) => void
}

function RenameFix({ isRecommended, suggested, onFix }: NameFixProps) {
  const id = useId()
  const [from, setFrom] = useState('')
  const [to, setTo] = useState(suggested)
  // The fix is written as OLD=NEW.
  const hasEqualsSign = from.includes('=') || to.includes('=')
  return (
    <form
      class={classOf(isRecommended)}
      onSubmit={(event) => {
        event.preventDefault()
        onFix(`rename:${from}=${to}`)
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
      {isRecommended && <Recommended />}
    </form>
  )
}

interface NamedFixProps extends NameFixProps {
  readonly kind: 'list' | 'lift' | 'drop'
  readonly label: string
  readonly note: string
}

/** A fix for one property. */
function NameFix({ kind, label, note, isRecommended, suggested, onFix }: NamedFixProps) {
  const id = useId()
  const [name, setName] = useState(suggested)
  return (
    <form
      class={classOf(isRecommended)}
      onSubmit={(event) => {
        event.preventDefault()
        onFix(`${kind}:${name}`)
      }}
    >
      <label for={id}>{label}</label>
      <NameField id={id} name={name} onName={setName} />
      <button type="submit" disabled={name === ''}>
        {label}
      </button>
      <span class="muted">{note}</span>
      {isRecommended && <Recommended />}
    </form>
  )
}

interface DatesFixProps {
  readonly isRecommended: boolean
  readonly onFix: (name: string) => void
}

/** Dates without a time zone stay as they are until the user has named one. */
function DatesFix({ isRecommended, onFix }: DatesFixProps) {
  const id = useId()
  const [zone, setZone] = useState('')
  return (
    <form
      class={classOf(isRecommended)}
      onSubmit={(event) => {
        event.preventDefault()
        onFix(zone === '' ? 'dates' : `dates:${zone}`)
      }}
    >
      <button type="submit">Dates to seconds</button>
      <label for={id}>dates without a time zone are in</label>
      <select
        id={id}
        value={zone}
        onChange={({ currentTarget }) => {
          setZone(currentTarget.value)
        }}
      >
        <option value="">(leave them)</option>
        {ZONES.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      {isRecommended && <Recommended />}
    </form>
  )
}

/** UTC, and the offsets that are in use. */
const ZONES: readonly string[] = [
  'UTC',
  ...Array.from({ length: 27 }, (_, index) => index - 12)
    .filter((hours) => hours !== 0)
    .map((hours) => `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`),
  ...['-09:30', '-03:30', '+03:30', '+04:30', '+05:30', '+05:45', '+06:30', '+08:45', '+09:30', '+10:30', '+12:45'],
]

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

/** The coloured bar is not enough: the text says it too. */
function Recommended() {
  return <span class="recommended">recommended for these lines</span>
}

function classOf(isRecommended: boolean): string {
  return isRecommended ? 'fix is-recommended' : 'fix'
}

/** A fix in words. @param name as after `--fix` */
export function fixLabel(name: string): string {
  const simple = SIMPLE_FIXES.find(({ kind }) => kind === name)
  if (simple !== undefined) return simple.done
  const [, kind = '', rest = ''] = /^(dates|list|lift|rename|drop)(?::(.*))?$/s.exec(name) ?? []
  switch (kind) {
    case 'dates':
      return rest === '' ? 'dates to seconds' : `dates to seconds (${rest})`
    case 'list':
      return `objects of the list “${rest}”`
    case 'lift':
      return `contents of “${rest}”`
    case 'drop':
      return `“${rest}” removed`
    default: {
      const [from = '', to = ''] = rest.split('=', 2)
      return `“${from}” renamed to “${to}”`
    }
  }
}
