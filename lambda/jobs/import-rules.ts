import { RULES_KEY } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { readRulesDocument, rulesFor } from '../rules/rule-set.ts'
import type { Rule } from '../rules/rule.ts'

/** @throws SetupError if the rules cannot be used, or the error of S3 */
export async function currentRules(
  key: string,
  { checkpoints, bucket }: Pick<Ports, 'checkpoints' | 'bucket'>,
): Promise<readonly Rule[]> {
  const found = await checkpoints.find({ bucket, key: RULES_KEY })
  return found === undefined ? [] : rulesFor(readRulesDocument(found.value, RULES_KEY), key)
}
