import { Duration, Stack } from 'aws-cdk-lib/core'
import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  LogQueryWidget,
  MathExpression,
  Metric,
  SingleValueWidget,
  TextWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { QueryDefinition, QueryString, type ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { METRICS_NAMESPACE } from '../lambda/keys.ts'
import { dollarsPerLineWithoutLambda, PRICES } from './cost.ts'
import type { ImportQueue } from './import-queue.ts'
import { importerMetric, PERIOD } from './importer-metric.ts'
import { LOG_QUERIES } from './log-queries.ts'
import type { Wiring } from './wiring.ts'

export interface DashboardProps {
  readonly importQueue: ImportQueue
  readonly importer: IFunction
  readonly logGroup: ILogGroup
  readonly wiring: Pick<Wiring, 'function'>
}

const HALF = 12
const ROW = 6

/** "Is my data in?" at a glance, and saved queries of the log for the questions after that. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id)
    const { stackName } = Stack.of(this)
    // A stack can have several importers.
    const ids = this.node.scopes.slice(Stack.of(this).node.scopes.length, -1).map(({ node }) => node.id)
    const prefix = [stackName, ...ids.filter((each) => each !== 'Default')].join('-')
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: prefix,
      defaultInterval: Duration.days(1),
      widgets: widgets(props, stackName),
    })
    for (const [name, { title, query }] of Object.entries(LOG_QUERIES)) {
      new QueryDefinition(this, name, {
        queryDefinitionName: `${prefix}/${title}`,
        queryString: new QueryString(query),
        logGroups: [props.logGroup],
      })
    }
  }
}

function widgets({ importQueue: { queue, deadLetters }, importer, logGroup, wiring }: DashboardProps, stackName: string) {
  const metric = (metricName: string, label: string, statistic = 'Sum') =>
    importerMetric(importer, metricName, { statistic, label })
  const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
    new GraphWidget({ title, left, right, width: HALF, height: ROW, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } })
  const total = (title: string, metrics: IMetric[]) =>
    new SingleValueWidget({ title, metrics, setPeriodToTimeRange: true, width: HALF, height: 4 })
  const delivered = metric('LinesDelivered', 'delivered')
  const rejected = metric('LinesRejected', 'rejected')
  const undeliverable = metric('LinesUndeliverable', 'undeliverable')
  const inQueue = { period: PERIOD, statistic: 'Maximum' }

  return [
    [
      new TextWidget({
        width: 24,
        height: 2,
        markdown: `**${stackName}** — each file: \`npx km-import status --stack ${stackName}\` · rejected lines: \`npx km-import rejects list --stack ${stackName}\` · alarms: docs/runbook.md`,
      }),
    ],
    [
      total('Lines', [delivered, rejected, undeliverable]),
      total('Files', [
        metric('FilesImported', 'imported'),
        metric('FilesRejected', 'rejected'),
        cost(importer, delivered, wiring),
      ]),
    ],
    [
      graph('Lines delivered', [delivered]),
      graph('Lines rejected, by reason', [
        new MathExpression({
          expression: `SEARCH('{${METRICS_NAMESPACE},service,reason} MetricName="DeadLetters" service="${importer.functionName}"', 'Sum', 300)`,
          usingMetrics: {},
          label: '',
          period: PERIOD,
        }),
      ]),
    ],
    [
      graph(
        'Files in progress (files, or segments of large ones), and the age of the oldest',
        [
          queue.metricApproximateNumberOfMessagesNotVisible({ ...inQueue, label: 'in work' }),
          queue.metricApproximateNumberOfMessagesVisible({ ...inQueue, label: 'waiting' }),
          queue.metricApproximateNumberOfMessagesDelayed({ ...inQueue, label: 'paused' }),
        ],
        [metric('WorkAgeSeconds', 'age in seconds', 'Maximum')],
      ),
      graph(
        'Dead letters in the queue, and the age of the oldest (measured once a day)',
        [deadLetters.metricApproximateNumberOfMessagesVisible({ ...inQueue, label: 'dead letters' })],
        [metric('DeadLetterAgeSeconds', 'age in seconds', 'Maximum')],
      ),
    ],
    [
      graph('Answers of the endpoint: milliseconds', [
        metric('EndpointMilliseconds', 'p50', 'p50'),
        metric('EndpointMilliseconds', 'p99', 'p99'),
      ]),
      graph('Answers of the endpoint: share of refusals', [
        share('429 or 503 (busy), percent', 'EndpointBusy', 'busy', metric),
        share('other errors, or no answer, percent', 'EndpointErrors', 'errors', metric),
      ]),
    ],
    [
      graph(
        'Concurrency in use',
        [importer.metric('ConcurrentExecutions', { ...inQueue, label: 'invocations' })],
        [metric('EndpointInFlight', 'requests in flight, of one invocation', 'Maximum')],
      ),
      graph('What went wrong', [
        metric('EndpointDown', 'runs that ended in an outage'),
        metric('SetupErrors', 'wrong setup'),
        metric('Crashes', 'crashes'),
        importer.metricErrors({ period: PERIOD, label: 'failed invocations' }),
        importer.metricThrottles({ period: PERIOD, label: 'throttled invocations' }),
      ]),
    ],
    [
      new LogQueryWidget({
        title: 'Newest errors',
        logGroupNames: [logGroup.logGroupName],
        width: 24,
        height: ROW,
        queryLines: new QueryString(LOG_QUERIES.Errors.query).toString().split(/\n\| /),
      }),
    ],
  ]
}

function share(label: string, name: string, id: string, metric: (name: string, label: string) => Metric): MathExpression {
  return new MathExpression({
    label,
    expression: `IF(requests > 0, 100 * ${id} / requests, 0)`,
    usingMetrics: { [id]: metric(name, ''), requests: metric('EndpointRequests', '') },
    period: PERIOD,
  })
}

/** Lambda as it is measured, and the rest by the line. */
function cost(importer: IFunction, delivered: Metric, { function: { memoryMb } }: Pick<Wiring, 'function'>): MathExpression {
  const perMillisecond = (PRICES.gigabyteSecond * memoryMb) / 1024 / 1000
  const terms = [
    `milliseconds * ${decimal(perMillisecond)}`,
    `invocations * ${decimal(PRICES.invocation)}`,
    `delivered * ${decimal(dollarsPerLineWithoutLambda())}`,
  ]
  return new MathExpression({
    label: 'dollars (estimate)',
    expression: terms.join(' + '),
    usingMetrics: {
      milliseconds: importer.metricDuration({ statistic: 'Sum', period: PERIOD }),
      invocations: importer.metricInvocations({ period: PERIOD }),
      delivered,
    },
    period: PERIOD,
  })
}

/** Metric math knows no exponents. */
function decimal(value: number): string {
  return value.toFixed(13).replace(/0+$/, '')
}
