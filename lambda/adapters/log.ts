import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Facts, Log } from '../events.ts'
import { METRICS_NAMESPACE } from '../keys.ts'
import { originalStack } from './stack-trace.ts'

export interface CloudWatchLog extends Log {
  /** Forgets the facts of the invocation before. Every line of this one carries its request id. */
  begin(requestId: string | undefined): void
  publish(): void
}

/**
 * A log for CloudWatch: one JSON object per message, and metrics in the embedded metric format. File names and people are never
 * dimensions, because each distinct value would be a new paid metric.
 *
 * @param serviceName the dimension of every metric
 */
export function cloudWatchLog(serviceName: string): CloudWatchLog {
  const logger = new Logger({ serviceName })
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName })
  let context: Facts = {}
  const about = (facts: Facts): void => {
    context = { ...context, ...facts }
    logger.resetKeys()
    logger.appendKeys(context)
  }
  /** Metadata are in the log line, but are not dimensions. */
  const addContext = (to: Metrics): Metrics => {
    for (const [name, fact] of Object.entries(context)) if (fact !== undefined) to.addMetadata(name, String(fact))
    return to
  }
  return {
    info: (message: string, facts: Facts) => {
      logger.info(message, { facts })
    },
    warn: (message: string, facts: Facts) => {
      logger.warn(message, { facts })
    },
    error: (message: string, facts: Facts) => {
      const { stack } = facts
      logger.error(message, { facts: typeof stack === 'string' ? { ...facts, stack: originalStack(stack) } : facts })
    },
    count: (metric, value, by) => {
      if (by === undefined) metrics.addMetric(metric, unitOf(metric), value)
      else {
        const single = addContext(metrics.singleMetric())
        for (const [name, each] of Object.entries(by)) single.addDimension(name, each)
        single.addMetric(metric, unitOf(metric), value)
      }
    },
    about,
    begin: (requestId) => {
      context = {}
      about({ requestId })
    },
    publish: () => {
      if (metrics.hasStoredMetrics()) addContext(metrics).publishStoredMetrics()
    },
  }
}

function unitOf(metric: string) {
  if (metric.endsWith('Seconds')) return MetricUnit.Seconds
  return metric.endsWith('Milliseconds') ? MetricUnit.Milliseconds : MetricUnit.Count
}
