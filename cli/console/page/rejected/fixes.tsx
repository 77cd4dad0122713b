import { useId, useState } from 'preact/hooks'
import { Foreign } from '../components.tsx'
import type { FixKind, FixSuggestion } from '../labels.ts'
import { changeOf } from './drafts.ts'

interface FixesProps {
  /** What mostly mends lines like these. */
  readonly suggestion: FixSuggestion | undefined
  /** @param name as after `--fix` */
  readonly onFix: (name: string) => void
}

/** What is commonly wrong, and is mended in all lines alike. */
export function Fixes({ suggestion, onFix }: FixesProps) {
  const fits = (kind: FixKind) => suggestion?.kind === kind
  return (
    <div class="fixes" role="group" aria-label="Mend all alike">
      <div class={fits('ms-timestamps') ? 'fix fits' : 'fix'}>
        <button
          type="button"
          onClick={() => {
            onFix('ms-timestamps')
          }}
        >
          Milliseconds to seconds
        </button>
        <span class="soft">
          <code>_t</code> 1393344604000 becomes 1393344604
        </span>
        {fits('ms-timestamps') && <Fitness />}
      </div>
      <div class={fits('trim') ? 'fix fits' : 'fix'}>
        <button
          type="button"
          onClick={() => {
            onFix('trim')
          }}
        >
          Remove stray spaces and commas
        </button>
        <span class="soft">around names, texts and the line itself</span>
        {fits('trim') && <Fitness />}
      </div>
      <Rename
        key={`rename ${suggestion?.to ?? ''}`}
        isFit={fits('rename')}
        to={fits('rename') ? (suggestion?.to ?? '') : ''}
        onFix={onFix}
      />
      <LeaveOut
        key={`drop ${suggestion?.name ?? ''}`}
        isFit={fits('drop')}
        name={fits('drop') ? (suggestion?.name ?? '') : ''}
        onFix={onFix}
      />
    </div>
  )
}

function Rename({ isFit, to, onFix }: { readonly isFit: boolean; readonly to: string; readonly onFix: (name: string) => void }) {
  const id = useId()
  const [from, setFrom] = useState('')
  const [name, setName] = useState(to)
  // The fix is written as OLD=NEW.
  const isOdd = from.includes('=') || name.includes('=')
  return (
    <form
      class={isFit ? 'fix fits' : 'fix'}
      onSubmit={(event) => {
        event.preventDefault()
        onFix(`rename:${from}=${name}`)
      }}
    >
      <label for={`${id}-from`}>Rename</label>
      <NameField id={`${id}-from`} name={from} onName={setFrom} />
      <label for={`${id}-to`}>to</label>
      <NameField id={`${id}-to`} name={name} onName={setName} />
      <button type="submit" disabled={from === '' || name === '' || isOdd}>
        Rename
      </button>
      {isOdd && <span class="soft">A name with = in it has to be renamed by hand.</span>}
      {isFit && <Fitness />}
    </form>
  )
}

function LeaveOut({
  isFit,
  name: given,
  onFix,
}: {
  readonly isFit: boolean
  readonly name: string
  readonly onFix: (name: string) => void
}) {
  const id = useId()
  const [name, setName] = useState(given)
  return (
    <form
      class={isFit ? 'fix fits' : 'fix'}
      onSubmit={(event) => {
        event.preventDefault()
        onFix(`drop:${name}`)
      }}
    >
      <label for={id}>Leave out</label>
      <NameField id={id} name={name} onName={setName} />
      <button type="submit" disabled={name === ''}>
        Leave out
      </button>
      <span class="soft">removes it with its value</span>
      {isFit && <Fitness />}
    </form>
  )
}

interface NameFieldProps {
  readonly id: string
  readonly name: string
  readonly onName: (name: string) => void
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

/** The bar beside it is not for everybody to see. */
function Fitness() {
  return <span class="fitness">mostly mends these</span>
}

/** A fix in words, for what was chosen. @param name as after `--fix` */
export function fixLabel(name: string): string {
  if (name === 'ms-timestamps') return 'milliseconds to seconds'
  if (name === 'trim') return 'stray spaces and commas removed'
  const [, kind, rest = ''] = /^(rename|drop):(.*)$/s.exec(name) ?? []
  if (kind === 'drop') return `“${rest}” left out`
  const [from = '', to = ''] = rest.split('=', 2)
  return `“${from}” renamed to “${to}”`
}

/** What stood in a line and what stands there now. */
export function Changed({ before, after }: { readonly before: string; readonly after: string }) {
  const { start, removed, added, end } = changeOf(before, after)
  return (
    <p class="changed">
      <Foreign text={start} />
      {removed !== '' && (
        <del>
          <Foreign text={removed} most={200} />
        </del>
      )}
      {added !== '' && (
        <ins>
          <Foreign text={added} most={200} />
        </ins>
      )}
      <Foreign text={end} />
    </p>
  )
}
