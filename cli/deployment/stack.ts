import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation'
import { SetupError } from '../../lambda/errors.ts'
import { missingSetupText } from './aws-error.ts'

/** A deployed stack, and the client that found it. */
export interface DescribedStack {
  readonly client: CloudFormationClient
  readonly stack: Stack
  readonly outputs: ReadonlyMap<string, string>
}

/**
 * The SDK finds credentials and region like the AWS command line does: environment, profile, role.
 *
 * @throws SetupError if there is no such stack, or no permission to look
 */
export async function describeStack(name: string): Promise<DescribedStack> {
  // Loaded here, so that commands in local mode start faster.
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation')
  const notFound = (why: string, cause?: unknown) =>
    new SetupError(
      `--stack is "${name}": the stack could not be found (${why}). Check the name, the region and your credentials.`,
      { cause },
    )
  try {
    const client = new CloudFormationClient({})
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }))
    const stack = Stacks?.[0]
    if (stack === undefined) throw notFound('the answer is empty')
    const outputs = new Map(stack.Outputs?.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]))
    return { client, stack, outputs }
  } catch (error) {
    if (error instanceof SetupError) throw error
    const missing = missingSetupText(error)
    if (missing !== undefined) throw new SetupError(missing, { cause: error })
    throw notFound(error instanceof Error ? error.message : String(error), error)
  }
}
