import { RemovalPolicy, Validations } from 'aws-cdk-lib'
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'

export interface ApiKeyProps {
  /**
   * A secret that already holds the key.
   * @default - an empty secret is made, and a person puts the key there
   */
  readonly existingSecretArn?: string | undefined
}

/**
 * The API key of the Kissmetrics product: a secret that the function reads.
 *
 * It is made without a value, so the template holds none and a new deployment replaces none. CDK's own `Secret` would make one up, and
 * Kissmetrics answers 200 to a wrong key as it does to the right one: every line would be lost without a word. An empty secret stops the
 * importer before the first line.
 */
export class ApiKey extends Construct {
  readonly secretArn: string

  constructor(scope: Construct, id: string, { existingSecretArn }: ApiKeyProps) {
    super(scope, id)
    if (existingSecretArn !== undefined) {
      this.secretArn = existingSecretArn
      return
    }
    const secret = new CfnSecret(this, 'Secret', {
      description: 'API key of the Kissmetrics product that drops are imported into',
    })
    // The key can be read from the product's settings again; a secret that is left behind costs money and is forgotten.
    secret.applyRemovalPolicy(RemovalPolicy.DESTROY)
    this.secretArn = secret.ref
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Kissmetrics has no API to change a key, so it cannot be rotated by a machine: a person changes it there and puts it here.',
    })
  }
}
