import * as v from 'valibot'
import { readRules } from '../../lambda/rules/rule-set.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { addedTo } from '../rules/changed-rules.ts'
import { lostRules, rulesChange, type RulesChange } from '../rules/change.ts'
import { writeStoredRules } from '../rules/stored-rules.ts'
import { tryRules, type Trial } from '../rules/try-rules.ts'
import { counted, shellWord } from '../terminal/output.ts'
import type { RuleRequest, RuleTrial } from './api-types.ts'
import { RequestError } from './server.ts'

export const ruleSchema = v.object({ prefix: v.string(), fixes: v.pipe(v.array(v.string()), v.minLength(1)) })

/** What fixes would have made of the last files of a prefix, if they had been its rules. Saves nothing. */
export async function tryRule(deployment: Deployment, request: RuleRequest): Promise<RuleTrial> {
  return trialOf(await changeFor(deployment, request), request)
}

/** Tries the rules again, and saves them. @throws RequestError if they would change valid lines, SetupError if they were changed meanwhile */
export async function saveRule(deployment: Deployment, request: RuleRequest): Promise<RuleTrial> {
  const change = await changeFor(deployment, request)
  const trial = await trialOf(change, request)
  if (trial.refusal !== undefined) throw new RequestError(409, trial.refusal)
  await writeStoredRules(deployment, change.document, change.stored.tag)
  return trial
}

function changeFor(deployment: Deployment, { prefix, fixes }: RuleRequest): Promise<RulesChange> {
  const added = fixes.map((fix) => ({ fix }))
  return rulesChange(deployment, prefix, (rules) => addedTo(rules, added))
}

async function trialOf(change: RulesChange, request: RuleRequest): Promise<RuleTrial> {
  const { firstRejected: _lines, ...trial } = await tryRules(change.deployment, request.prefix, change)
  const lost = lostRules(change).map(({ fix }) => fix)
  const refusal = refusalOf(trial, lost, request, change.deployment.deploymentOptions)
  return { ...trial, files: trial.files.length, lost, ...(refusal !== undefined && { refusal }) }
}

/** A rule may change valid lines only if that is what it is for. */
function refusalOf(
  { validRejected, validChanged, skipped }: Omit<Trial, 'firstRejected'>,
  lost: readonly string[],
  { prefix, fixes }: RuleRequest,
  deploymentOptions = '',
): string | undefined {
  const changed = validRejected + validChanged + skipped
  const read = readRules(fixes.map((fix) => ({ fix })))
  const isDeclared = validRejected === 0 && lost.length === 0 && typeof read !== 'string' && read.some(({ isForAll }) => isForAll)
  if (changed === 0 || isDeclared) return undefined
  const lines = counted(
    changed,
    'valid line of the last files would become another one',
    'valid lines of the last files would become others',
  )
  if (lost.length === 0) return `It is not saved: with it, ${lines}.`
  const all = [...lost, ...fixes].map(shellWord).join(' ')
  return `It is not saved: the rules of a shorter prefix would no longer apply, and ${lines}. To have both, run: npx km-import rules add ${shellWord(prefix)} ${all}${deploymentOptions}`
}
