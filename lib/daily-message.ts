import { Duration, Validations } from 'aws-cdk-lib'
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import type { ImportQueue } from './import-queue.ts'

export interface DailyMessageProps {
  readonly importQueue: ImportQueue
  /** What the importer knows the message by. */
  readonly schema: string
  readonly description: string
}

/**
 * Has the importer do something every day.
 *
 * It is asked through the import queue like for all work, so that it needs neither a function nor a permission of its own.
 */
export class DailyMessage extends Construct {
  constructor(scope: Construct, id: string, { importQueue, schema, description }: DailyMessageProps) {
    super(scope, id)
    const rule = new Rule(this, 'Daily', {
      description,
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new SqsQueue(importQueue.queue, { message: RuleTargetInput.fromObject({ schema }) })],
    })
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'What could not be asked for today is asked for tomorrow, and finds the same; there is nothing in it to be kept.',
    })
  }
}
