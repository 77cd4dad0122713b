import type { Report } from '../../lambda/report/report.ts'
import { HOLD_RULES } from '../../lambda/survey/hold-rules.ts'
import { wrapped } from '../terminal/layout.ts'
import { printable, shellWord } from '../terminal/escape.ts'

/** Why a file is held: the title of each rule, and what was found. A rule of a newer version has no title here. */
export function holdRows({ hold }: Pick<Report, 'hold'>, indent = '  '): readonly string[] {
  const titles: Readonly<Record<string, { readonly title: string }>> = HOLD_RULES
  return (hold?.rules ?? []).flatMap(({ rule, detail }) =>
    wrapped(`${titles[rule]?.title ?? rule}: ${printable(detail)}`, indent),
  )
}

/** The commands that decide about a held file. */
export function decisionCommands(key: string, deploymentOptions: string): readonly string[] {
  return ['release', 'discard'].map((verb) => `npx km-import ${verb} ${shellWord(printable(key))}${deploymentOptions}`)
}
