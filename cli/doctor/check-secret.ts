// cspell:ignore AWSCURRENT
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { apiKeySource } from '../../lambda/adapters/secrets.ts'
import { SetupError } from '../../lambda/errors.ts'
import { isUsualKey } from '../../lambda/settings/api-key.ts'
import { shellWord } from '../terminal/escape.ts'
import { findingsOf, tryCheck, isAccessDenied, type Finding } from './finding.ts'

const CHECK = 'API key'

/** Whether the secret holds something like a key, as the function reads it. The key is never shown. */
export async function checkSecret(secretArn: string): Promise<readonly Finding[]> {
  const { ok, warning, wrong } = findingsOf(CHECK)
  const store = `aws secretsmanager put-secret-value --secret-id ${shellWord(secretArn)} --secret-string file:///dev/stdin`
  try {
    const key = await apiKeySource({ secretArn }, () => 0)()
    if (isUsualKey(key)) return [ok('The secret contains 40 hex digits, like every key of Kissmetrics.')]
    return [
      warning(
        `The secret does not contain 40 hex digits, as Kissmetrics keys do (it has ${key.length} characters). Kissmetrics accepts a wrong key without an error. Run the command, paste the key, press Enter, then Ctrl-D:`,
        store,
      ),
    ]
  } catch (error) {
    if (isAccessDenied(error)) return checkUnreadSecret(secretArn, store)
    if (error instanceof SetupError) return [wrong(error.message)]
    throw error
  }
}

/** Without permission to read the key, there may be one to see whether the secret has a value. */
function checkUnreadSecret(secretArn: string, store: string): Promise<readonly Finding[]> {
  const { notChecked, wrong } = findingsOf(CHECK)
  return tryCheck(CHECK, ['secretsmanager:GetSecretValue (and kms:Decrypt, if the secret has a customer key)'], async () => {
    const { VersionIdsToStages = {}, DeletedDate } = await new SecretsManagerClient({}).send(
      new DescribeSecretCommand({ SecretId: secretArn }),
    )
    if (DeletedDate !== undefined)
      return [wrong('The secret is to be deleted.', `aws secretsmanager restore-secret --secret-id ${shellWord(secretArn)}`)]
    if (!Object.values(VersionIdsToStages).flat().includes('AWSCURRENT'))
      return [wrong('The secret is empty. Run the command, paste the key, press Enter, then Ctrl-D:', store)]
    return [
      notChecked(
        'The secret has a value. Your credentials do not allow secretsmanager:GetSecretValue (or kms:Decrypt), so the doctor did not see whether it is a key.',
      ),
    ]
  })
}
