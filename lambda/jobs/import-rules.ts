import type { SourceFile } from '../intake/source-file.ts'
import { checkpointKey, importRulesKey, isReplayFile, RULES_KEY } from '../keys.ts'
import type { Ports } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { readRulesDocument, rulesFor } from '../rules/rule-set.ts'
import type { Rule } from '../rules/rule.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../settle/checkpoint.ts'
import { importRulesDocument, readImportRules } from '../settle/import-rules-document.ts'
import { readLeased } from '../settle/lease.ts'
import { storeOnce } from './store-once.ts'

/** Returns the rules for an import that begins. @throws SetupError if they cannot be used, or the error of S3 */
export type ReadRules = () => Promise<readonly Rule[]>

/**
 * Begins to read the stored rules, so that an import need not wait for them; they are of no interest if it began earlier.
 *
 * A file of fixed lines has no rules: those of the files that the lines come from were applied before it was uploaded, and a rule like `hash`
 * must not be applied twice.
 */
export function readingRules({ key }: SourceFile, { checkpoints, bucket }: Pick<Ports, 'checkpoints' | 'bucket'>): ReadRules {
  if (isReplayFile(key)) return () => Promise.resolve([])
  const reading = checkpoints.find({ bucket, key: RULES_KEY })
  reading.catch(() => undefined) // `readRules` throws it, if the rules are needed
  return async () => {
    const found = await reading
    return found === undefined ? [] : rulesFor(readRulesDocument(found.value, RULES_KEY), key)
  }
}

/** The rules that the import of a file has begun with; those for an import that begins, if it has not. */
export async function rulesOfImport(
  file: SourceFile,
  readRules: ReadRules,
  { checkpoints }: Pick<Ports, 'checkpoints'>,
): Promise<readonly Rule[]> {
  const key = checkpointKey(file, 1)
  const found = await checkpoints.find({ bucket: file.bucket, key })
  const checkpoint = readLeased<Checkpoint>(found?.value, CHECKPOINT_SCHEMA, key)
  return checkpoint === undefined || checkpoint.failure !== undefined ? readRules() : (checkpoint.rules ?? [])
}

/** Stores the rules of an import that has ended, for commands that compare what was sent with the file. */
export async function recordRules({ file, rules = [] }: ImportState, { documents }: Pick<Ports, 'documents'>): Promise<void> {
  if (rules.length === 0) return
  const key = importRulesKey(file)
  const read = (value: unknown) => readImportRules(value, key)
  await storeOnce({ bucket: file.bucket, key }, importRulesDocument(rules), read, { checkpoints: documents })
}
