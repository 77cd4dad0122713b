import type { Stack } from '@aws-sdk/client-cloudformation'
import { shellWord } from '../terminal/escape.ts'
import { findingsOf, type Finding } from './finding.ts'

/** CloudFormation may not look at the resources of a stack while it changes them. */
export function isStable({ StackStatus }: Stack): boolean {
  return /^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT|IMPORT_ROLLBACK)_COMPLETE$/.test(StackStatus ?? '')
}

/** Whether the last deployment has succeeded. */
export function checkStatus({ StackName = '', ...stack }: Stack): Finding {
  const state: string = stack.StackStatus ?? 'unknown'
  const { ok, warning, wrong } = findingsOf('stack')
  const name = shellWord(StackName)
  switch (state) {
    case 'CREATE_COMPLETE':
    case 'UPDATE_COMPLETE':
    case 'IMPORT_COMPLETE':
      return ok(`Its state is ${state}.`)
    case 'UPDATE_ROLLBACK_COMPLETE':
    case 'IMPORT_ROLLBACK_COMPLETE':
      return warning(
        `Its state is ${state}: the last update failed, and the version before it runs. The first command shows why it failed.`,
        failedEvents(name),
        'npx cdk deploy',
      )
    case 'UPDATE_ROLLBACK_FAILED':
      return wrong(
        `Its state is ${state}: an update failed, and so did the return to the version before it. Fix what the first command shows, then continue.`,
        failedEvents(name),
        `aws cloudformation continue-update-rollback --stack-name ${name}`,
      )
    case 'REVIEW_IN_PROGRESS':
      return wrong(`Its state is ${state}: only a change set exists, and nothing is deployed.`, 'npx cdk deploy')
    case 'CREATE_FAILED':
    case 'UPDATE_FAILED':
      return wrong(
        `Its state is ${state}. Fix what the first command shows, then deploy again.`,
        failedEvents(name),
        'npx cdk deploy',
      )
    default:
      if (state.endsWith('_IN_PROGRESS'))
        return warning(`Its state is ${state}: it is being changed. Wait until this is over, then run the doctor again.`)
      return wrong(
        `Its state is ${state}. The first command shows why. Remove the stack, and deploy it again; files, reports and queues stay.`,
        failedEvents(name),
        `aws cloudformation delete-stack --stack-name ${name}`,
        'npx cdk deploy',
      )
  }
}

function failedEvents(name: string): string {
  return `aws cloudformation describe-stack-events --stack-name ${name} --query "StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]" --output text`
}

/** Whether the stack was deployed by the version of this program. */
export function checkVersion(deployed: string | undefined, own: string): Finding {
  const { ok, warning } = findingsOf('version')
  if (deployed === own) return ok(`The stack was deployed by version ${deployed}, like this program.`)
  return warning(
    `The stack was deployed by version ${deployed ?? 'without a number'}, and this program is version ${own}. Deploy this version, or use the program of the other one.`,
    'npx cdk deploy',
  )
}
