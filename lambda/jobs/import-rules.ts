import type { SourceFile } from '../intake/source-file.ts'
import { RULES_KEY } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { readRulesDocument, rulesFor } from '../rules/rule-set.ts'
import type { Rule } from '../rules/rule.ts'

/** Returns the rules for an import that begins. @throws SetupError if they cannot be used, or the error of S3 */
export type ReadRules = () => Promise<readonly Rule[]>

/** Begins to read the stored rules, so that an import need not wait for them; they are of no interest if it began earlier. */
export function readingRules({ key }: SourceFile, { checkpoints, bucket }: Pick<Ports, 'checkpoints' | 'bucket'>): ReadRules {
  const reading = checkpoints.find({ bucket, key: RULES_KEY })
  reading.catch(() => undefined) // `readRules` throws it, if the rules are needed
  return async () => {
    const found = await reading
    return found === undefined ? [] : rulesFor(readRulesDocument(found.value, RULES_KEY), key)
  }
}
