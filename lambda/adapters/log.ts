import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Facts, Log } from '../events.ts'
import { METRICS_NAMESPACE } from '../keys.ts'

/**
 * CloudWatch: one JSON object per sentence, and the figures in the embedded metric format. No key, drop or person is a dimension.
 *
 * @param serviceName the only dimension
 */
export function cloudWatchLog(serviceName: string): Log & { flush(): void } {
  const logger = new Logger({ serviceName })
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName })
  return {
    info: (sentence: string, facts: Facts) => {
      logger.info(sentence, { facts })
    },
    warn: (sentence: string, facts: Facts) => {
      logger.warn(sentence, { facts })
    },
    error: (sentence: string, facts: Facts) => {
      logger.error(sentence, { facts })
    },
    count: (metric: string, value: number) => {
      metrics.addMetric(metric, MetricUnit.Count, value)
    },
    flush: () => {
      metrics.publishStoredMetrics()
    },
  }
}
