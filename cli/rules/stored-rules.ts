import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { SetupError } from '../../lambda/errors.ts'
import { RULES_KEY } from '../../lambda/keys.ts'
import { NO_RULES, readRulesDocument, type RulesDocument } from '../../lambda/rules/rule-set.ts'
import type { Deployment } from '../deployment/deployment.ts'

export interface StoredRules {
  readonly document: RulesDocument
  /** ETag of the stored document; undefined if there is none. */
  readonly tag: string | undefined
}

/** S3 errors if another process wrote first, or writes at the same time. Amazon S3, "Conditional writes". */
const CONFLICTS = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'])

/** @throws SetupError if the stored rules cannot be used */
export async function readStoredRules({ s3, bucket }: Pick<Deployment, 's3' | 'bucket'>): Promise<StoredRules> {
  try {
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: RULES_KEY }))
    const text = (await Body?.transformToString()) ?? ''
    return { document: readRulesDocument(parsed(text), `s3://${bucket}/${RULES_KEY}`), tag: ETag }
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return { document: NO_RULES, tag: undefined }
    throw error
  }
}

/** Replaces the rules that were read. @throws SetupError if they were changed meanwhile */
export async function writeStoredRules(
  { s3, bucket }: Pick<Deployment, 's3' | 'bucket'>,
  document: RulesDocument,
  tag: string | undefined,
): Promise<void> {
  readRulesDocument(document, RULES_KEY)
  const body = `${JSON.stringify(document, null, 2)}\n`
  try {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: RULES_KEY,
        Body: body,
        ContentType: 'application/json',
        ...(tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }),
      }),
    )
  } catch (cause) {
    if (!(cause instanceof Error) || !CONFLICTS.has(cause.name)) throw cause
    throw new SetupError('The import rules were changed meanwhile, and nothing was saved. Run the same command again.', { cause })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
