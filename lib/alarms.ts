import { Stack } from 'aws-cdk-lib/core'
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { alarmRules, type AlarmsProps } from './alarm-rules.ts'

/** One alarm for each condition that needs a person, and the SNS topic that all of them notify: when they go off, and when it is over. */
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
    const { stackName } = Stack.of(this)
    const action = new SnsAction(this.topic)
    for (const [name, rule] of Object.entries(alarmRules(props))) {
      const alarm = new Alarm(this, name, {
        metric: rule.metric,
        threshold: rule.threshold,
        comparisonOperator: rule.comparison ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
        datapointsToAlarm: rule.datapoints,
        evaluationPeriods: rule.of,
        treatMissingData: rule.missing ?? TreatMissingData.NOT_BREACHING,
        alarmDescription: `Stack ${stackName}: ${rule.description(`--stack ${stackName}`)} What to do: docs/runbook.md#${name.toLowerCase()}.`,
      })
      alarm.addAlarmAction(action)
      alarm.addOkAction(action)
    }
  }
}
