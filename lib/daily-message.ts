import { Duration, Validations } from 'aws-cdk-lib'
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import { RECONCILE_SCHEMA } from '../lambda/places.ts'
import type { ImportQueue } from './import-queue.ts'

/**
 * Has the importer look every day for drops that no event was heard of.
 *
 * S3 sends an event for nearly every upload, and says so: "nearly". The search goes through the import queue like all work, so that it
 * needs neither a function nor a permission of its own.
 */
export class Reconciler extends Construct {
  constructor(scope: Construct, id: string, { importQueue }: { readonly importQueue: ImportQueue }) {
    super(scope, id)
    const message = RuleTargetInput.fromObject({ schema: RECONCILE_SCHEMA })
    const rule = new Rule(this, 'Daily', {
      description: 'Asks the Kissmetrics importer to look for drops that it did not hear of',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new SqsQueue(importQueue.queue, { message })],
    })
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason:
        'A search that could not be asked for today is asked for tomorrow, and finds the same; there is nothing in it to be kept.',
    })
  }
}
