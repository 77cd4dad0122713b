import {
  CfnParameter,
  StackSynthesizer,
  type FileAssetLocation,
  type IStackSynthesizer,
  type ISynthesisSession,
} from 'aws-cdk-lib/core'

/**
 * Synthesizes a template that CloudFormation deploys without the CDK and its bootstrap stack: two parameters say where the code of the
 * function is, which a person uploads.
 */
export function codeFromParameters(): IStackSynthesizer {
  // The types of the CDK differ in what may be undefined.
  return new CodeFromParameters() as IStackSynthesizer
}

class CodeFromParameters extends StackSynthesizer {
  /** Called once: the code of the function is the only file of the stack. */
  addFileAsset(): FileAssetLocation {
    const bucketName = this.#parameter(
      'CodeBucket',
      'Name of the bucket, in this region, that the code of the function was uploaded to',
    )
    const objectKey = this.#parameter('CodeKey', 'Key of the code of the function in that bucket. New code needs a new key')
    const { region, urlSuffix } = this.boundStack
    return {
      bucketName,
      objectKey,
      httpUrl: `https://s3.${region}.${urlSuffix}/${bucketName}/${objectKey}`,
      s3ObjectUrl: `s3://${bucketName}/${objectKey}`,
    }
  }

  addDockerImageAsset(): never {
    throw new Error('A template without the CDK has no container images.')
  }

  synthesize(session: ISynthesisSession): void {
    this.synthesizeTemplate(session)
    this.emitArtifact(session)
  }

  #parameter(id: string, description: string): string {
    return new CfnParameter(this.boundStack, id, { type: 'String', minLength: 1, description }).valueAsString
  }
}
