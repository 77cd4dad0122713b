import { RemovalPolicy, Validations } from 'aws-cdk-lib/core'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnSecret, Secret, type ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'

export interface ApiKeyProps {
  /**
   * A secret that already holds the key.
   * @default - an empty secret is created, and a person puts the key into it
   */
  readonly existingSecret?: ISecret | undefined
  /**
   * Encrypts the created secret.
   * @default - Secrets Manager manages the key
   */
  readonly encryptionKey?: IKey | undefined
}

/**
 * The secret that holds the API key of the Kissmetrics product.
 *
 * The stack creates it without a value, so the template contains no key and a deployment never replaces one. CDK's own `Secret` would
 * generate a random value. Kissmetrics answers 200 to a wrong key as it does to the right one, so every line would be lost silently.
 * While the secret is empty, the importer sends nothing.
 */
export class ApiKey extends Construct {
  readonly secret: ISecret

  constructor(scope: Construct, id: string, { existingSecret, encryptionKey }: ApiKeyProps) {
    super(scope, id)
    if (existingSecret !== undefined) {
      this.secret = existingSecret
      return
    }
    const secret = new CfnSecret(this, 'Secret', {
      description: 'API key of the Kissmetrics product that files are imported into',
      ...(encryptionKey !== undefined && { kmsKeyId: encryptionKey.keyArn }),
    })
    // The key can be copied from the product's settings again, and a secret that stays behind is billed.
    secret.applyRemovalPolicy(RemovalPolicy.DESTROY)
    this.secret = Secret.fromSecretCompleteArn(this, 'Created', secret.ref)
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Kissmetrics has no API to change a key, so rotation cannot be automated: a person changes the key there and stores it here.',
    })
  }
}
