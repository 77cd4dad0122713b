import { ForeignText, Prose } from '../components/text.tsx'
import { fileName, grouped } from '../format.ts'
import { meansOf } from '../labels.ts'
import { hrefOf } from '../route.ts'
import { countsText, STATE_LABELS, type Finding } from './findings.ts'

/** The lines of one file that are about a person. */
export function FoundLines({ finding: { summary, result } }: { readonly finding: Finding }) {
  if (result === undefined) return null
  const all = Object.values(result.counts).reduce((sum, count) => sum + count, 0)
  return (
    <article class="card">
      <h2>
        <a href={hrefOf({ kind: 'import', id: summary.id })}>
          <ForeignText text={fileName(summary.report.file.key)} max={120} />
        </a>
      </h2>
      <p>{countsText(result.counts)}</p>
      <details>
        <summary>{result.lines.length < all ? `The first ${grouped(result.lines.length)} lines` : 'Which lines'}</summary>
        <ul>
          {result.lines.map(({ line, state, reason }) => (
            <li key={line}>
              Line {grouped(line)}: {STATE_LABELS[state]}
              {reason !== undefined && (
                <>
                  {' '}
                  (<Prose text={meansOf(reason)} />)
                </>
              )}
            </li>
          ))}
        </ul>
      </details>
    </article>
  )
}
