import {
  DetectStackResourceDriftCommand,
  paginateListStackResources,
  type CloudFormationClient,
  type PropertyDifference,
} from '@aws-sdk/client-cloudformation'
import { SetupError } from '../../lambda/errors.ts'
import { printable, shellWord } from '../terminal/escape.ts'
import { findingsOf, isAccessDenied, type Finding } from './finding.ts'

/** A resource of the stack that brings messages to the import queue, or from it to the function. */
export interface Resource {
  readonly logicalId: string
  /** The UUID of an event source, the name of a rule, the ARN of a subscription. */
  readonly physicalId: string
}

/** The resources that messages pass through. The constructs name them. */
export interface MessagePath {
  readonly eventSource: Resource | undefined
  /** Start the two daily jobs. */
  readonly dailyRules: readonly Resource[]
  /** Sends the events of an existing bucket. */
  readonly uploadsRule: Resource | undefined
  /** Receives the events of an existing bucket from an SNS topic. */
  readonly subscription: Resource | undefined
}

/** Without this permission, the doctor does not know how events arrive. @throws the error of CloudFormation */
export async function readMessagePath(client: CloudFormationClient, stackName: string): Promise<MessagePath> {
  const found: Resource[] = []
  for await (const page of paginateListStackResources({ client }, { StackName: stackName }))
    for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? [])
      if (LogicalResourceId !== undefined && PhysicalResourceId !== undefined)
        found.push({ logicalId: LogicalResourceId, physicalId: PhysicalResourceId })
  const named = (name: RegExp) => found.filter(({ logicalId }) => name.test(logicalId))
  return {
    eventSource: named(/ImporterEventSource[\dA-F]{8}$/)[0],
    dailyRules: named(/Daily(?:Reconcile|Archive)Daily[\dA-F]{8}$/),
    uploadsRule: named(/ExistingBucketUploads[\dA-F]{8}$/)[0],
    subscription: named(/ExistingBucketSubscription(?:[\dA-F]{8})?$/)[0],
  }
}

/** How the doctor looks at a resource, and what cures it. */
export interface ResourceCheck {
  readonly check: string
  /** What is true while the resource is as deployed. */
  readonly whenUnchanged: string
  /** IAM action with which CloudFormation reads it, in the name of the user. */
  readonly action: string
  /** A change that stops the messages, and the commands that undo it. */
  readonly stops?: {
    readonly property: string
    readonly text: string
    readonly command: string
  }
}

/**
 * Whether a resource is still as it was deployed, for example enabled. CloudFormation compares it with the template (drift detection),
 * and changes nothing.
 */
export async function checkResource(
  client: CloudFormationClient,
  stackName: string,
  { logicalId, physicalId }: Resource,
  { check, whenUnchanged, action, stops }: ResourceCheck,
): Promise<Finding> {
  const { ok, warning, wrong, notChecked } = findingsOf(check)
  const drift = await client
    .send(new DetectStackResourceDriftCommand({ StackName: stackName, LogicalResourceId: logicalId }))
    .catch((error: unknown) => {
      if (error instanceof SetupError || !(error instanceof Error)) throw error
      return error
    })
  if (drift instanceof Error) {
    return isAccessDenied(drift)
      ? notChecked(`Your credentials do not allow cloudformation:DetectStackResourceDrift and ${action}.`)
      : notChecked(`CloudFormation could not look at it: ${printable(drift.message)}`)
  }
  const { StackResourceDriftStatus, PropertyDifferences = [] } = drift.StackResourceDrift ?? {}
  switch (StackResourceDriftStatus) {
    case 'IN_SYNC':
      return ok(whenUnchanged)
    case 'DELETED':
      return wrong(
        `${printable(physicalId)} was deleted. A deployment does not create it again, because the template has not changed: deploy the stack under another name, and copy the files.`,
      )
    case 'MODIFIED': {
      if (stops !== undefined && PropertyDifferences.some(({ PropertyPath }) => PropertyPath?.startsWith(stops.property)))
        return wrong(stops.text, stops.command)
      return warning(
        `It was changed since the deployment: ${pathsOf(PropertyDifferences)}. See what changed:`,
        `aws cloudformation describe-stack-resource-drifts --stack-name ${shellWord(stackName)} --query "StackResourceDrifts[?LogicalResourceId=='${logicalId}'].PropertyDifferences"`,
      )
    }
    case 'NOT_CHECKED':
    case 'UNKNOWN':
    case 'UNSUPPORTED':
    case undefined:
      return notChecked('CloudFormation cannot compare it with the template.')
  }
}

function pathsOf(differences: readonly PropertyDifference[]): string {
  return differences.map(({ PropertyPath = '' }) => printable(PropertyPath)).join(', ')
}
