import type { PreviewSummary } from '../../../preview/summary.ts'
import { Fact } from '../components/fact.tsx'
import { counted, grouped } from '../format.ts'
import { overview } from '../overview.ts'
import { expectedDuration } from './expected-duration.ts'

/** The counts of what would be imported. */
export function ContentFacts({ summary }: { readonly summary: PreviewSummary }) {
  const { commands, identities, lines, repeats, estimate } = summary
  const countedOnce = repeats.events + repeats.sets
  const maybeIgnored = repeats.sameSecond + repeats.contradictions
  return (
    <dl class="import-facts">
      <Fact name="People" note={identities.isExact ? '' : 'or more'}>
        {grouped(identities.count)}
      </Fact>
      <Fact name="Events">{grouped(commands.record)}</Fact>
      <Fact name="Property updates">{grouped(commands.set)}</Fact>
      <Fact name="Aliases">{grouped(commands.alias)}</Fact>
      {countedOnce > 0 && (
        <Fact name="Counted once" note="identical to an earlier line">
          {counted(countedOnce, 'line')}
        </Fact>
      )}
      {maybeIgnored > 0 && (
        <Fact name="May be ignored" note="same person, name and second as an earlier line">
          {counted(maybeIgnored, 'time')}
        </Fact>
      )}
      <Fact name="Expected duration">
        {expectedDuration(
          lines.valid,
          (overview.value?.imports ?? []).map(({ report }) => report),
          estimate,
        )}
      </Fact>
    </dl>
  )
}
