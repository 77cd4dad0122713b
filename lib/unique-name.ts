import { Fn, Stack } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

const GUID_LENGTH = 36

/**
 * A physical name that is known before its resource exists, so that bucket and queue can refer to each other.
 *
 * It ends with the unique id that CloudFormation gives each new stack. A stack that was deleted, and left its bucket and queues behind,
 * can therefore be deployed again under the same stack name.
 *
 * @param part what the resource is, or '' if the AWS service already says so
 * @param maxLength maximum length that the AWS service allows
 */
export function uniqueName(scope: Construct, part: string, maxLength: number): string {
  const { stackName, stackId } = Stack.of(scope)
  const tail = `${part === '' ? '' : `-${part}`}-`
  const head = stackName.toLowerCase().slice(0, maxLength - tail.length - GUID_LENGTH)
  // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/GUID
  return `${head}${tail}${Fn.select(2, Fn.split('/', stackId))}`
}
