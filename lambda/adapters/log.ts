import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Facts, Log } from '../events.ts'
import { METRICS_NAMESPACE } from '../keys.ts'

/**
 * A log for CloudWatch: one JSON object per message, and metrics in the embedded metric format. File names and people are never
 * dimensions, because each distinct value would be a new paid metric.
 *
 * @param serviceName the only dimension
 */
export function cloudWatchLog(serviceName: string): Log & { flush(): void } {
  const logger = new Logger({ serviceName })
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName })
  return {
    info: (message: string, facts: Facts) => {
      logger.info(message, { facts })
    },
    warn: (message: string, facts: Facts) => {
      logger.warn(message, { facts })
    },
    error: (message: string, facts: Facts) => {
      logger.error(message, { facts })
    },
    count: (metric: string, value: number) => {
      metrics.addMetric(metric, MetricUnit.Count, value)
    },
    flush: () => {
      metrics.publishStoredMetrics()
    },
  }
}
