import { Fn, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'

const GUID_LENGTH = 36

/**
 * A name that is known before its resource exists, so that two resources can name each other: a queue the bucket that may send to it,
 * and the bucket that queue.
 *
 * It ends with the identifier that CloudFormation gives a stack when it is created. So a stack that was removed, and left its bucket and
 * queues behind, can be deployed again under the same name.
 *
 * @param part what the resource is, or '' where the service's name tells
 * @param longest as many characters as the service allows
 */
export function uniqueName(scope: Construct, part: string, longest: number): string {
  const { stackName, stackId } = Stack.of(scope)
  const tail = `${part === '' ? '' : `-${part}`}-`
  const head = stackName.toLowerCase().slice(0, longest - tail.length - GUID_LENGTH)
  // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/GUID
  return `${head}${tail}${Fn.select(2, Fn.split('/', stackId))}`
}
