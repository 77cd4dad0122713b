import { Duration, Validations } from 'aws-cdk-lib/core'
import { Rule, RuleTargetInput, Schedule, type IRule } from 'aws-cdk-lib/aws-events'
import { Construct } from 'constructs'
import type { ImportQueue } from './import-queue.ts'

export interface DailyMessageProps {
  readonly importQueue: ImportQueue
  /** Tells the importer which job to run. */
  readonly schema: string
  readonly description: string
}

/**
 * A message that starts a job of the importer every day.
 *
 * It goes through the import queue like all other work, so it needs no function and no permission of its own.
 */
export class DailyMessage extends Construct {
  readonly rule: IRule

  constructor(scope: Construct, id: string, { importQueue, schema, description }: DailyMessageProps) {
    super(scope, id)
    const rule = new Rule(this, 'Daily', {
      description,
      schedule: Schedule.rate(Duration.days(1)),
      targets: [{ bind: () => ({ arn: importQueue.queue.queueArn, input: RuleTargetInput.fromObject({ schema }) }) }],
    })
    this.rule = rule
    // The CDK's own target leaves the name of the rule out of the permission if the queue has a customer key.
    importQueue.allowEventsOf('events.amazonaws.com', rule.ruleArn)
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'A lost message does no harm: the message of the next day starts the same job, which finds the same work.',
    })
  }
}
