import { WARNINGS, type WarningCode } from '../../../../lambda/reasons.ts'
import type { PreviewSummary } from '../../../preview/summary.ts'
import { ForeignText } from '../components/text.tsx'
import { counted, grouped } from '../format.ts'

const MAX_SPELLINGS = 5
const MAX_CHARACTERS = 40

/** What is unusual in lines that can be sent. They are sent all the same. */
export function Notes({ summary: { identities, warnings } }: { readonly summary: PreviewSummary }) {
  const { changedLines, changedExamples, spellings } = identities
  const codes = Object.entries(warnings) as [WarningCode, number][]
  if (codes.length === 0 && changedLines === 0 && spellings.people === 0) return null
  return (
    <details class="check-section" open>
      <summary>Unusual, but sent all the same</summary>
      <ul class="check-list" aria-label="Warnings">
        {codes.map(([code, count]) => (
          <li key={code} title={code}>
            <b>{grouped(count)}</b> times {WARNINGS[code]}
          </li>
        ))}
        {changedLines > 0 && (
          <li>
            <b>{grouped(changedLines)}</b> lines with commas or colons in identities, which are stored as spaces, e.g.{' '}
            <code>
              <ForeignText text={changedExamples[0] ?? ''} max={MAX_CHARACTERS} />
            </code>
          </li>
        )}
        {spellings.people > 0 && (
          <li>
            {counted(spellings.people, 'person', 'people')} with several spellings, each of which becomes a person of its own:
            <ul>
              {spellings.groups.slice(0, MAX_SPELLINGS).map((group) => (
                <li key={group[0]}>
                  <ForeignText text={group.join(' · ')} max={3 * MAX_CHARACTERS} />
                </li>
              ))}
            </ul>
          </li>
        )}
      </ul>
    </details>
  )
}
