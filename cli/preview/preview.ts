import { rulesFor } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { readNumberSetting } from '../../lambda/settings/numbers.ts'
import { namedFiles } from '../files/named-files.ts'
import type { DeploymentFlags } from '../deployment/deployment.ts'
import { DEFAULT_STATE_DIR } from '../local/options.ts'
import { readGivenRules, type GivenRulesFlags } from '../rules/given-rules.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { wrapped } from '../terminal/layout.ts'
import { DigestPool } from './digest/digest-pool.ts'
import { surveyFile } from './read.ts'
import { checkSources, openSource } from './sources.ts'
import type { PreviewSummary } from './summary.ts'
import { Survey } from './survey/survey.ts'
import { previewText } from './text/text.ts'

export interface PreviewFlags extends GivenRulesFlags, Partial<DeploymentFlags> {
  readonly json: boolean
  /** Prefix in the bucket of the importer: its rules come before those that are given. */
  readonly rulesOf?: string
}

/**
 * Shows what an import of files would do, and sends nothing.
 *
 * @param given files, folders and patterns; `s3://bucket/key`; or `-` for stdin
 * @returns 0 if every line is valid, 1 if lines would be rejected, 2 if a whole file would be rejected
 * @throws SetupError if a file cannot be opened, or cannot be read to its end
 */
export async function preview(given: readonly string[], flags: PreviewFlags): Promise<ExitCode> {
  const { json, rulesOf } = flags
  const { names, notes } = await namedFiles(given)
  for (const note of notes) process.stderr.write(`${wrapped(note, '').join('\n')}\n`)
  const stored = rulesOf === undefined ? [] : await rulesOfPrefix(rulesOf, flags)
  const summary = await survey(names, await readGivenRules(flags, stored))
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : previewText(summary, process.stdout))
  return exitCodeOf(summary)
}

/** @param rules of all files, or of each @throws SetupError if a file cannot be opened, or cannot be read to its end */
export async function survey(
  files: readonly string[],
  rules: readonly Rule[] | ReadonlyMap<string, readonly Rule[]> = [],
): Promise<PreviewSummary> {
  const rulesOf = (file: string): readonly Rule[] => ('get' in rules ? (rules.get(file) ?? []) : rules)
  await checkSources(files)
  const maxLineBytes = readNumberSetting('KM_MAX_LINE_BYTES', process.env)
  const survey = new Survey(files.flatMap(rulesOf))
  await using pool = new DigestPool()
  using progress = new CountProgress('line', 'read')
  const options = { maxLineBytes, pool, onLines: progress.add }
  for (const file of files) await surveyFile(await openSource(file, Date.now()), survey, { ...options, rules: rulesOf(file) })
  return survey.summary()
}

/** The rules that a file with this key, or under this prefix, would be imported with. */
async function rulesOfPrefix(prefix: string, flags: Partial<DeploymentFlags>): Promise<readonly Rule[]> {
  // Imported here, so that a preview without it does not wait for the SDK.
  const { findDeployment } = await import('../deployment/deployment.ts')
  const { readStoredRules } = await import('../rules/stored-rules.ts')
  const { document } = await readStoredRules(await findDeployment({ stateDir: DEFAULT_STATE_DIR, ...flags }))
  return rulesFor(document, prefix)
}

function exitCodeOf({ refused, lines }: PreviewSummary): ExitCode {
  if (refused.length > 0) return EXIT.unusable
  return lines.rejected > 0 ? EXIT.someLinesLeft : EXIT.ok
}
