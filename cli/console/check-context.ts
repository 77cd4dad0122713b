import { GetObjectCommand } from '@aws-sdk/client-s3'
import { INCOMING_PREFIX, profileKey } from '../../lambda/keys.ts'
import { rulesFor } from '../../lambda/rules/rule-set.ts'
import { readHoldSettings } from '../../lambda/settings/hold.ts'
import { prefixOf } from '../../lambda/survey/prefix.ts'
import { parseProfile, type Profile } from '../../lambda/survey/profile.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { readStoredRules } from '../rules/stored-rules.ts'
import type { CheckContext } from './api-types.ts'

/**
 * What the import of a file depends on besides its content: the import rules for its name, the earlier files of the same kind, and when a
 * file is held: by the settings of the importer that will import it.
 *
 * @throws SetupError if the stored rules or the settings cannot be used
 */
export async function checkContext(deployment: Deployment, name: string): Promise<CheckContext> {
  const key = `${INCOMING_PREFIX}${name}`
  const [{ document }, profile] = await Promise.all([readStoredRules(deployment), readProfile(deployment, key)])
  return {
    rules: rulesFor(document, key),
    hold: readHoldSettings(deployment.settings ?? process.env),
    ...(profile !== undefined && { profile }),
  }
}

/** @returns undefined without a profile that this version can read: then no rule that needs one holds the file */
async function readProfile({ s3, bucket }: Deployment, key: string): Promise<Profile | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: profileKey(prefixOf(key)) }))
    return parseProfile(JSON.parse((await Body?.transformToString()) ?? 'null'))
  } catch {
    return undefined
  }
}
