import type { HoldSettings } from '../settings/hold.ts'
import { MAX_IDENTITIES } from './alias-groups.ts'
import { groupSizes } from './encode-groups.ts'
import type { Hold } from './hold-rules.ts'
import type { SurveyPart } from './part.ts'
import { count, counted } from './shown.ts'

/** Aliases that would make one person out of many, in a star or a chain. */
export function findMerges({ aliases }: SurveyPart, { aliases: limit }: Pick<HoldSettings, 'aliases'>): readonly Hold[] {
  if (limit === 0) return []
  const { largest, firstPlaceholder, placeholders } = aliases
  const holds: Hold[] = []
  if (largest !== undefined && largest.identities - 1 > limit) {
    const others = [...groupSizes(aliases.groups)].filter(({ identities }) => identities - 1 > limit).length - 1
    const more =
      others > 0
        ? ` ${counted(others, 'other person', 'other people')} would be merged from more than ${count(limit)} others, too.`
        : ''
    holds.push({
      rule: 'merged_people',
      detail: `${count(largest.identities)} identities would become one person. The first of these aliases is on line ${count(largest.first)}.${more}`,
      line: largest.first,
    })
  }
  if (firstPlaceholder !== undefined)
    holds.push({
      rule: 'merged_placeholder',
      detail: `${counted(placeholders, 'alias merges', 'aliases merge')} a person with a placeholder. The first is on line ${count(firstPlaceholder)}.`,
      line: firstPlaceholder,
    })
  if (!aliases.isComplete)
    holds.push({
      rule: 'too_many_aliases',
      detail: `The file has ${counted(aliases.commands, 'alias', 'aliases')} of more than ${count(MAX_IDENTITIES)} identities. Split it into smaller files to have them checked.`,
    })
  return holds
}
