import { Duration, Stack } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, Metric, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { METRICS_NAMESPACE } from '../lambda/keys.ts'
import type { ImportQueue } from './import-queue.ts'

export interface AlarmsProps {
  readonly importQueue: ImportQueue
  readonly importer: IFunction
  /**
   * Encrypts the messages of the topic. Its policy must let CloudWatch use it.
   * @default - the messages are not encrypted at rest
   */
  readonly encryptionKey?: IKey | undefined
}

interface AlarmRule {
  readonly metric: IMetric
  /** The alarm goes off above this value. */
  readonly threshold: number
  /** Periods of five minutes in a row. */
  readonly periods: number
  /** What happened and what to do: the whole message that a person receives. */
  readonly description: string
}

const PERIOD = Duration.minutes(5)
const HOUR_SECONDS = 3_600

/** One alarm for each condition that needs a person, and the SNS topic that all of them notify. */
export class Alarms extends Construct {
  readonly topic: Topic

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id)
    this.topic = new Topic(this, 'Topic', {
      displayName: 'Kissmetrics importer',
      enforceSSL: true,
      ...(props.encryptionKey !== undefined && { masterKey: props.encryptionKey }),
    })
    // Any explicit policy replaces the default one, which admits every service in the account.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
    for (const [name, { metric, threshold, periods, description }] of Object.entries(alarmRules(props))) {
      const alarm = new Alarm(this, name, {
        metric,
        threshold,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: periods,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: description,
      })
      alarm.addAlarmAction(new SnsAction(this.topic))
    }
  }
}

function alarmRules({ importQueue: { queue, deadLetters }, importer }: AlarmsProps): Readonly<Record<string, AlarmRule>> {
  const importerMetric = (metricName: string) =>
    new Metric({
      namespace: METRICS_NAMESPACE,
      metricName,
      dimensionsMap: { service: importer.functionName },
      statistic: 'Sum',
      period: PERIOD,
    })
  return {
    DeadLettersWait: {
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 0,
      periods: 1,
      description:
        'Lines or files were rejected and wait in the dead-letter queue. See why: npx km-import rejects list --stack STACK. ' +
        'Then fix them (rejects pull) and send them again (rejects replay).',
    },
    DeadLettersArchived: {
      metric: importerMetric('DeadLettersArchived'),
      threshold: 0,
      periods: 1,
      description:
        'Dead letters waited for ten days and were moved to archived/ in the bucket. Nothing is lost. ' +
        'See them: npx km-import rejects list --stack STACK.',
    },
    DeadLettersQuarantined: {
      metric: importerMetric('DeadLettersQuarantined'),
      threshold: 0,
      periods: 1,
      description:
        'Dead letters failed 3 times and were quarantined under archived/ in the bucket; a redrive no longer sends them. ' +
        'Fix them: npx km-import rejects pull --stack STACK --archived -o rejects.jsonl.',
    },
    SetupWrong: {
      metric: importerMetric('SetupErrors'),
      threshold: 0,
      periods: 1,
      description:
        'Nothing is sent, because the API key, the endpoint or the permissions are wrong. The log of the function says which. ' +
        'Fix it. Files wait in the import queue and are tried again every 15 minutes at least.',
    },
    EndpointDown: {
      metric: importerMetric('EndpointDown'),
      threshold: 0,
      periods: 3,
      description:
        'Kissmetrics has accepted nothing for 15 minutes. Nothing to do: imports are paused, and resume when it answers again.',
    },
    WorkWaits: {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 6 * HOUR_SECONDS,
      periods: 1,
      description:
        'A message has waited in the import queue for six hours. Look into the log of the function; ' +
        'if imports run but are too slow, raise maximumConcurrency.',
    },
    FunctionFails: {
      metric: importer.metricErrors({ period: PERIOD }),
      threshold: 0,
      periods: 1,
      description: 'An invocation of the importer failed. Its message is retried; the log of the function says what happened.',
    },
    FunctionThrottled: {
      metric: importer.metricThrottles({ period: PERIOD }),
      threshold: 0,
      periods: 3,
      description:
        'Lambda throttles the importer: the account has no concurrency left. Raise the concurrency of the account, or lower maximumConcurrency.',
    },
  }
}
