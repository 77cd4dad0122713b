import { Validations } from 'aws-cdk-lib/core'
import type { IConstruct } from 'constructs'

const HIPAA = 'HIPAA.Security'
const NIST = 'NIST.800.53.R5'
const PCI = 'PCI.DSS.321'

interface Accepted {
  /** Path of the construct in the stack. */
  readonly path: string
  readonly rule: string
  readonly packs: readonly string[]
  readonly reason: string
}

/** What the rules for HIPAA, NIST 800-53 and PCI DSS would want of the strict profile, and why it is otherwise. */
const ACCEPTED: readonly Accepted[] = [
  ...['Default/ImportBucket/Bucket', 'AccessLogs'].map((path) => ({
    path,
    rule: 'S3BucketReplicationEnabled',
    packs: [HIPAA, NIST, PCI],
    reason:
      'Files are copies of what their sender has, and S3 stores them in three zones. Replicate the bucket if you need a second region.',
  })),
  {
    path: 'AccessLogs',
    rule: 'S3DefaultEncryptionKMS',
    packs: [HIPAA, NIST, PCI],
    reason: 'S3 cannot write access logs into a bucket that a KMS key encrypts. The logs are encrypted with a key of S3.',
  },
  {
    path: 'Default/ApiKey/Secret',
    rule: 'SecretsManagerRotationEnabled',
    packs: [HIPAA, NIST],
    reason: 'Kissmetrics has no API to change a key: a person changes the key there and stores it here.',
  },
  {
    path: 'Default/Importer/Role',
    rule: 'IAMNoInlinePolicy',
    packs: [HIPAA, NIST, PCI],
    reason: 'The policy is for this one role. As a managed policy, it could be attached to others.',
  },
  {
    path: 'Default/Importer/Function',
    rule: 'LambdaConcurrency',
    packs: [HIPAA, NIST],
    reason:
      'The event source limits the concurrency (maximumConcurrency). Reserving it as well is a setting, reservedConcurrency.',
  },
  {
    path: 'Default/Importer/Function',
    rule: 'LambdaDLQ',
    packs: [HIPAA, NIST],
    reason:
      'Only the queue invokes the function, and the queue has a dead-letter queue. That of a function is for asynchronous invocations.',
  },
]

/** Records why the strict profile differs from these rules. A rule of a part that the stack does not have is left out. */
export function acknowledgeCompliance(stack: IConstruct): void {
  for (const { path, rule, packs, reason } of ACCEPTED) {
    const part = path.split('/').reduce<IConstruct | undefined>((scope, id) => scope?.node.tryFindChild(id), stack)
    if (part !== undefined) Validations.of(part).acknowledge(...packs.map((pack) => ({ id: `${pack}-${rule}`, reason })))
  }
}
