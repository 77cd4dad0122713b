import { Duration } from 'aws-cdk-lib/core'
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { METRICS_NAMESPACE } from '../lambda/keys.ts'

/** The period of the alarms, the dashboard, and the metrics of the construct. */
export const PERIOD = Duration.minutes(5)

/**
 * A metric that the importer writes.
 *
 * @param metricName as lambda/events.ts names it
 * @param options by default, the sum over five minutes
 */
export function importerMetric(importer: IFunction, metricName: string, options: MetricOptions = {}): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { service: importer.functionName },
    statistic: 'Sum',
    period: PERIOD,
    ...options,
  })
}
