import { Duration, Stack } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, Metric, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { METRICS_NAMESPACE } from '../lambda/keys.ts'
import type { ImportQueue } from './import-queue.ts'

export interface AlarmsProps {
  readonly importQueue: ImportQueue
  readonly importer: IFunction
}

interface Watch {
  readonly metric: IMetric
  /** Above this it is an alarm. */
  readonly above: number
  /** Periods of five minutes in a row. */
  readonly periods: number
  /** What happened and what to do: all that a person who is woken by it reads. */
  readonly description: string
}

const PERIOD = Duration.minutes(5)
const HOUR_SECONDS = 3_600

/** What a person has to know of, each as an alarm, and the topic that they all go to. Who wants to hear of them subscribes to it. */
export class Alarms extends Construct {
  readonly topic: Topic

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id)
    this.topic = new Topic(this, 'Topic', { displayName: 'Kissmetrics importer', enforceSSL: true })
    // A policy of one's own takes the place of the one that lets all services of the account in.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
    for (const [name, { metric, above, periods, description }] of Object.entries(watches(props))) {
      const alarm = new Alarm(this, name, {
        metric,
        threshold: above,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: periods,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: description,
      })
      alarm.addAlarmAction(new SnsAction(this.topic))
    }
  }
}

function watches({ importQueue: { queue, deadLetters }, importer }: AlarmsProps): Readonly<Record<string, Watch>> {
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
      above: 0,
      periods: 1,
      description: 'Lines or files came back. See why, and mend them: km-import rejects list, then pull and replay.',
    },
    DeadLettersArchived: {
      metric: importerMetric('DeadLettersArchived'),
      above: 0,
      periods: 1,
      description:
        'Dead letters that nobody looked at for ten days were moved to archived/ in the bucket. Nothing is lost: km-import rejects list.',
    },
    DeadLettersQuarantined: {
      metric: importerMetric('DeadLettersQuarantined'),
      above: 0,
      periods: 1,
      description:
        'Dead letters failed at three replays and were set aside under archived/. Mend them: km-import rejects pull --quarantined.',
    },
    SetupWrong: {
      metric: importerMetric('SetupErrors'),
      above: 0,
      periods: 1,
      description:
        'Nothing is sent, since key, endpoint or permissions are wrong. The log says which; work waits, and later is among the dead letters.',
    },
    EndpointDown: {
      metric: importerMetric('EndpointDown'),
      above: 0,
      periods: 3,
      description:
        'Kissmetrics has not taken anything for a quarter of an hour. Work waits and goes on by itself when it does again.',
    },
    WorkWaits: {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      above: 6 * HOUR_SECONDS,
      periods: 1,
      description:
        'Something has waited in the import queue for six hours. Look into the log, and whether maximumConcurrency is too low.',
    },
    FunctionFails: {
      metric: importer.metricErrors({ period: PERIOD }),
      above: 0,
      periods: 1,
      description: 'The importer broke off. What it worked on is tried again; the log says what happened.',
    },
    FunctionThrottled: {
      metric: importer.metricThrottles({ period: PERIOD }),
      above: 0,
      periods: 3,
      description:
        'The account has no room for the importer to run. Raise the concurrency of the account, or lower maximumConcurrency.',
    },
  }
}
