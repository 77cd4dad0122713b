import { s3Documents } from '../../lambda/adapters/s3-documents.ts'
import { SetupError } from '../../lambda/errors.ts'
import { importRulesKey } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { readImportRules } from '../../lambda/settle/import-rules-document.ts'
import { printable } from '../terminal/output.ts'
import type { Deployment } from './deployment.ts'

/**
 * The rules that the import of a file had.
 *
 * @throws SetupError if they are not known, although the report says that there were some
 */
export async function importRulesOf(
  { file, fixedBy = {} }: Report,
  { s3, bucket }: Pick<Deployment, 's3' | 'bucket'>,
): Promise<readonly Rule[]> {
  const key = importRulesKey(file)
  const found = readImportRules((await s3Documents(s3).find({ bucket, key }))?.value, key)
  if (found !== undefined) return found.rules
  if (Object.keys(fixedBy).length === 0) return []
  throw new SetupError(
    `${printable(file.key)} was imported with rules (${Object.keys(fixedBy).map(printable).join(', ')}), and ${printable(key)}, which has them, is not in the bucket. So it is not known in which form its lines were sent.`,
  )
}
