import { SetupError } from '../../lambda/errors.ts'
import { columnsRule } from '../../lambda/rules/columns-rule.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { readColumns } from '../preview/read-columns.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { counted, printable, writeMessage } from '../terminal/output.ts'
import { addedTo, removedFrom } from './changed-rules.ts'
import { lostRules, rulesChange, type RulesChange } from './change.ts'
import { newlyRejectedText, refusalText, rulesText, trialText } from './rules-text.ts'
import { readStoredRules, writeStoredRules } from './stored-rules.ts'
import { tryRules, type Trial } from './try-rules.ts'

export interface ListRulesFlags extends DeploymentFlags {
  readonly json: boolean
}

export interface AddRulesFlags extends DeploymentFlags {
  readonly allLines: boolean
  /** File with a mapping of columns. */
  readonly columns?: string
  readonly yes: boolean
  readonly json: boolean
}

export type RemoveRulesFlags = Omit<AddRulesFlags, 'allLines' | 'columns'>

/** Shows the import rules. */
export async function listRules(flags: ListRulesFlags): Promise<ExitCode> {
  const { document } = await readStoredRules(await findDeployment(flags))
  if (flags.json) process.stdout.write(json(document))
  else writeMessage(process.stdout, rulesText(document, deploymentOptionsOf(flags)))
  return EXIT.ok
}

/** Shows what rules would have made of the last files of a prefix, and saves nothing. */
export async function previewRules(
  prefix: string,
  fixes: readonly string[],
  flags: Omit<AddRulesFlags, 'yes'>,
): Promise<ExitCode> {
  const added = await readAdded(fixes, flags)
  const change = await changeOf(prefix, flags, (rules) => addedTo(rules, added))
  const trial = await showTrial(change, flags)
  if (!flags.json) writeMessage(process.stdout, newlyRejectedText(trial))
  return EXIT.ok
}

/** Adds rules for the files of a prefix, after their effect on its last files was shown, unless valid lines would be rejected. */
export async function addRules(prefix: string, fixes: readonly string[], flags: AddRulesFlags): Promise<ExitCode> {
  const added = await readAdded(fixes, flags)
  const change = await changeOf(prefix, flags, (rules) => addedTo(rules, added))
  const trial = await showTrial(change, flags)
  if (trial.validRejected > 0) {
    writeMessage(
      process.stderr,
      refusalText(trial, { prefix, added, lost: lostRules(change), deploymentOptions: deploymentOptionsOf(flags) }),
    )
    return EXIT.somethingWrong
  }
  return save(change, `Save ${counted(added.length, 'rule')} for the next files under ${printable(prefix)}?`, flags)
}

/** Removes rules of a prefix, after the effect on its last files was shown. @param fixes none for all rules of the prefix */
export async function removeRules(prefix: string, fixes: readonly string[], flags: RemoveRulesFlags): Promise<ExitCode> {
  const change = await changeOf(prefix, flags, (rules) =>
    removedFrom(rules, { prefix, fixes, deploymentOptions: deploymentOptionsOf(flags) }),
  )
  await showTrial(change, flags)
  return save(
    change,
    `Remove ${fixes.length === 0 ? 'all rules' : counted(fixes.length, 'rule')} for ${printable(prefix)}?`,
    flags,
  )
}

/** @throws SetupError if no rule is given */
async function readAdded(
  fixes: readonly string[],
  { allLines, columns }: Pick<AddRulesFlags, 'allLines' | 'columns'>,
): Promise<readonly Rule[]> {
  const mapping = await readColumns(columns)
  if (fixes.length === 0 && mapping === undefined)
    throw new SetupError('Say which rule, for example ms-timestamps. To see all rules, run: npx km-import rules --help')
  return [
    ...(mapping === undefined ? [] : [columnsRule(mapping)]),
    ...fixes.map((fix): Rule => ({ fix, ...(allLines && { lines: 'all' }) })),
  ]
}

async function changeOf(
  prefix: string,
  flags: DeploymentFlags,
  change: (rules: readonly Rule[]) => readonly Rule[],
): Promise<RulesChange> {
  return rulesChange(await findDeployment(flags), prefix, change)
}

async function save(change: RulesChange, question: string, flags: { readonly yes: boolean }): Promise<ExitCode> {
  const { deployment, stored, document } = change
  if (!(await confirm(question, flags))) return EXIT.ok
  await writeStoredRules(deployment, document, stored.tag)
  writeMessage(process.stderr, 'Saved. Files whose import begins from now on use these rules.\n')
  return EXIT.ok
}

async function showTrial(change: RulesChange, flags: { readonly json: boolean }): Promise<Trial> {
  const { deployment, prefix, after } = change
  const trial = await tryRules(deployment, prefix, change)
  const lost = lostRules(change)
  if (lost.length > 0)
    writeMessage(
      process.stderr,
      `These rules no longer apply to files under ${printable(prefix)}: ${lost.map(({ fix }) => printable(fix)).join(', ')}.\n`,
    )
  if (flags.json) process.stdout.write(json({ schema: 'kissmetrics-importer/rules-preview/v1', prefix, rules: after, ...trial }))
  else writeMessage(process.stdout, trialText(prefix, trial))
  return trial
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
