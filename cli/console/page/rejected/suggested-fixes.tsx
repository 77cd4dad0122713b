import { useState } from 'preact/hooks'
import { ASK_FOR_ZONE } from '../../suggestions/fix-names.ts'
import type { FixSuggestions, TriedFix } from '../../suggestions/fix-trial.ts'
import { counted, grouped } from '../format.ts'
import './suggested-fixes.css'
import { actionLabel } from './fix-labels.ts'
import { ZoneField } from './zone-field.tsx'

interface SuggestedFixesProps {
  /** Left out while they are tried. */
  readonly found: FixSuggestions | undefined
  /** @param names as after `--fix` */
  readonly onFix: (names: readonly string[]) => void
}

/** Fixes that were tried on the lines, with how many each of them fixes. */
export function SuggestedFixes({ found, onFix }: SuggestedFixesProps) {
  if (found === undefined) return <p class="muted">Trying fixes on all lines…</p>
  if (found.open === 0) return null
  if (found.suggestions.length === 0)
    return (
      <p class="muted">
        None of the usual fixes helps {found.open === 1 ? 'this line' : `any of these ${counted(found.open, 'line')}`}. Fix{' '}
        {found.open === 1 ? 'it' : 'them'} by hand, or choose a fix below.
      </p>
    )
  return (
    <ul class="suggested-fixes" aria-label="Suggested fixes">
      {found.suggestions.map((suggestion) => (
        <li key={JSON.stringify(suggestion.fixes)}>
          <SuggestedFix suggestion={suggestion} open={found.open} onFix={onFix} />
        </li>
      ))}
    </ul>
  )
}

interface SuggestedFixProps {
  readonly suggestion: TriedFix
  readonly open: number
  readonly onFix: (names: readonly string[]) => void
}

function SuggestedFix({ suggestion: { fixes, count }, open, onFix }: SuggestedFixProps) {
  const [zone, setZone] = useState('')
  const asksForZone = fixes.includes(ASK_FOR_ZONE)
  return (
    <>
      <button
        type="button"
        disabled={asksForZone && zone === ''}
        onClick={() => {
          onFix(fixes.map((name) => (name === ASK_FOR_ZONE ? `dates:${zone}` : name)))
        }}
      >
        {actionLabel(fixes)}
      </button>
      {asksForZone && <ZoneField zone={zone} onZone={setZone} none="(choose)" />}
      <strong>
        fixes {grouped(count)} of {grouped(open)}
      </strong>
    </>
  )
}
