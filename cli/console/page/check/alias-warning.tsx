import type { AliasSummary } from '../../../preview/summary.ts'
import { Notice } from '../components/notice.tsx'
import { ForeignText } from '../components/text.tsx'
import { counted, grouped } from '../format.ts'
import { targetName } from '../target.tsx'

const MAX_CHAINS = 5
const MAX_CHARACTERS = 40

/** What aliases would do. It cannot be undone, so it is said in red before anything is sent. */
export function AliasWarning({ aliases }: { readonly aliases: AliasSummary }) {
  const { commands, groups, chains, largest, isComplete } = aliases
  if (commands === 0) return null
  return (
    <Notice tone="error">
      <strong>{counted(commands, 'alias', 'aliases')} would merge people, and no merge can be undone.</strong> In{' '}
      {targetName.value}, {counted(groups, 'person is', 'people are')} made of several identities
      {chains > 0 && `, ${grouped(chains)} of them of more than two. Check that each group is one person`}.
      {!isComplete && ' There are too many identities to compare all of them.'}
      {chains > 0 && (
        <ul class="check-list" aria-label="Largest groups">
          {largest
            .filter(({ identities }) => identities > 2)
            .slice(0, MAX_CHAINS)
            .map(({ identities, examples, first }) => (
              <li key={first.line}>
                {grouped(identities)} identities, from line {grouped(first.line)}:{' '}
                {examples.map((example, index) => (
                  <>
                    {index > 0 && ', '}
                    <code>
                      <ForeignText text={example} max={MAX_CHARACTERS} />
                    </code>
                  </>
                ))}
                {examples.length < identities && ', …'}
              </li>
            ))}
        </ul>
      )}
    </Notice>
  )
}
