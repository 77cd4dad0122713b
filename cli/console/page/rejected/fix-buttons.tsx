import { useId, useState, type Dispatch } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import './fix-buttons.css'
import type { FixSuggestion } from './suggest-fix.ts'

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
      <SimpleFix
        label="Milliseconds to seconds"
        isRecommended={kind === 'ms-timestamps'}
        onFix={() => {
          onFix('ms-timestamps')
        }}
      >
        <code>_t</code> 1393344604000 becomes 1393344604
      </SimpleFix>
      <SimpleFix
        label="Remove stray spaces and commas"
        isRecommended={kind === 'trim'}
        onFix={() => {
          onFix('trim')
        }}
      >
        around names, values and the line itself
      </SimpleFix>
      <RenameFix
        key={`rename ${kind === 'rename' ? to : ''}`}
        isRecommended={kind === 'rename'}
        suggested={kind === 'rename' ? to : ''}
        onFix={onFix}
      />
      <RemoveFix
        key={`drop ${kind === 'drop' ? name : ''}`}
        isRecommended={kind === 'drop'}
        suggested={kind === 'drop' ? name : ''}
        onFix={onFix}
      />
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

function RemoveFix({ isRecommended, suggested, onFix }: NameFixProps) {
  const id = useId()
  const [name, setName] = useState(suggested)
  return (
    <form
      class={classOf(isRecommended)}
      onSubmit={(event) => {
        event.preventDefault()
        onFix(`drop:${name}`)
      }}
    >
      <label for={id}>Remove</label>
      <NameField id={id} name={name} onName={setName} />
      <button type="submit" disabled={name === ''}>
        Remove
      </button>
      <span class="muted">and its value</span>
      {isRecommended && <Recommended />}
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

/** The coloured bar is not enough: the text says it too. */
function Recommended() {
  return <span class="recommended">recommended for these lines</span>
}

function classOf(isRecommended: boolean): string {
  return isRecommended ? 'fix is-recommended' : 'fix'
}

/** A fix in words. @param name as after `--fix` */
export function fixLabel(name: string): string {
  if (name === 'ms-timestamps') return 'milliseconds to seconds'
  if (name === 'trim') return 'stray spaces and commas removed'
  const [, kind, rest = ''] = /^(rename|drop):(.*)$/s.exec(name) ?? []
  if (kind === 'drop') return `“${rest}” removed`
  const [from = '', to = ''] = rest.split('=', 2)
  return `“${from}” renamed to “${to}”`
}
