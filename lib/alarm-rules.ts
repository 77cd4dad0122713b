import { Duration } from 'aws-cdk-lib/core'
import { ComparisonOperator, MathExpression, Metric, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import type { IRule } from 'aws-cdk-lib/aws-events'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ImportQueue } from './import-queue.ts'
import { importerMetric, PERIOD } from './importer-metric.ts'
import type { Settings } from './settings.ts'

export interface AlarmsProps {
  readonly importQueue: ImportQueue
  /** Sends a message to the import queue every day. */
  readonly dailyRule: IRule
  readonly importer: IFunction
  readonly settings: Pick<Settings, 'alarmRejectedPercent' | 'alarmIdleDays'>
  /** Whether answers about files are pushed. */
  readonly hasAnswers?: boolean
  /** Whether files are expected. */
  readonly hasExpectedFiles?: boolean
  /**
   * Encrypts the messages of the topic. Its policy must let CloudWatch use it.
   * @default - the messages are not encrypted at rest
   */
  readonly encryptionKey?: IKey | undefined
}

/** When an alarm goes off, and when it is over. test/lib/alarms evaluates each rule over simulated days. */
export interface AlarmRule {
  readonly metric: IMetric
  readonly threshold: number
  /** Left out: above the threshold. */
  readonly comparison?: ComparisonOperator
  /** The alarm is red while this many of the last `of` periods have crossed the threshold. */
  readonly datapoints: number
  readonly of: number
  /** Left out: a period without data is good. */
  readonly missing?: TreatMissingData
  /** What happened, and the first command, with the flag `stack`. docs/runbook.md has the rest. */
  readonly description: (stack: string) => string
}

const HOUR_SECONDS = 3_600
const DAY_SECONDS = 24 * HOUR_SECONDS

/**
 * Work that waits reports at each try, and a try comes at the latest 15 minutes and the duration of a run after the one before. Half an hour
 * bridges the gap, so that the alarm does not end in between.
 */
const WHILE_IT_IS_RETRIED = { datapoints: 1, of: 6 }
/** Red for an hour, so that a person sees it. What happens after that is noticed again. */
const FOR_AN_HOUR = { datapoints: 1, of: 12 }

/** The alarms of one importer, by the id of their construct. */
export function alarmRules(props: AlarmsProps): Readonly<Record<string, AlarmRule>> {
  const { queue } = props.importQueue
  const { importer, settings } = props
  const metric = (metricName: string, statistic = 'Sum') => importerMetric(importer, metricName, { statistic })
  return {
    EndpointDown: {
      // 1 when a run gives up, 0 when a line is delivered. Between two tries there is no data, and the outage is not over.
      metric: metric('EndpointDown', 'Minimum'),
      threshold: 0,
      datapoints: 3,
      of: 3,
      missing: TreatMissingData.IGNORE,
      description: (stack) =>
        'Kissmetrics has accepted nothing for about 15 minutes. Nothing is lost, and there is nothing to do: imports are paused, ' +
        `and resume within 15 minutes when it answers again. See what waits: npx km-import status ${stack}.`,
    },
    SetupWrong: {
      metric: metric('SetupErrors'),
      threshold: 0,
      ...WHILE_IT_IS_RETRIED,
      description: (stack) =>
        'Nothing is sent, because the API key, the endpoint, a permission, a KMS key or a queue is wrong. The log says which, and the cure. ' +
        `Work waits and is tried again at least every 15 minutes. See what waits: npx km-import status ${stack}.`,
    },
    ImportCrashes: {
      metric: metric('Crashes'),
      threshold: 0,
      ...WHILE_IT_IS_RETRIED,
      description: (stack) =>
        'An import stopped with an unexpected error. Its message is retried, and becomes a dead letter if it keeps failing. ' +
        `See which file: npx km-import status ${stack}.`,
    },
    FunctionFails: {
      metric: importer.metricErrors({ period: PERIOD }),
      threshold: 0,
      ...WHILE_IT_IS_RETRIED,
      description: (stack) =>
        'An invocation of the importer failed as a whole: out of memory, out of time, or it could not start. Its message is retried. ' +
        `See which file: npx km-import status ${stack}.`,
    },
    FunctionThrottled: {
      metric: importer.metricThrottles({ period: PERIOD }),
      threshold: 0,
      datapoints: 3,
      of: 12,
      description: (stack) =>
        'Lambda throttles the importer: the account has no concurrency left. Raise the concurrency of the account, or lower ' +
        `maximumConcurrency. See what waits: npx km-import status ${stack}.`,
    },
    WorkWaits: {
      metric: metric('WorkAgeSeconds', 'Maximum'),
      threshold: 6 * HOUR_SECONDS,
      ...WHILE_IT_IS_RETRIED,
      description: (stack) => `A file that was uploaded six hours ago is not finished. See why: npx km-import status ${stack}.`,
    },
    QueueWaits: {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 6 * HOUR_SECONDS,
      datapoints: 1,
      of: 1,
      description: (stack) =>
        'A message has waited in the import queue for six hours without a try. If imports run but are too slow, raise ' +
        `maximumConcurrency. See what runs: npx km-import status ${stack}.`,
    },
    QueueUnreachable: {
      // The daily message also shows whether the queue still exists: a queue that was deleted has no metrics.
      metric: new Metric({
        namespace: 'AWS/Events',
        metricName: 'FailedInvocations',
        dimensionsMap: { RuleName: props.dailyRule.ruleName },
        statistic: 'Sum',
        period: Duration.hours(1),
      }),
      threshold: 0,
      // From one day to the next.
      datapoints: 1,
      of: 25,
      description: (stack) =>
        'The daily message could not be sent to the import queue: the queue was deleted, or its policy or KMS key refuses events. ' +
        `No file is imported. See what is wrong: npx km-import doctor ${stack}.`,
    },
    LinesRejected: {
      metric: new MathExpression({
        label: 'Rejected lines, percent',
        expression:
          'IF(delivered + rejected + undeliverable > 0, 100 * (rejected + undeliverable) / (delivered + rejected + undeliverable), 0)',
        usingMetrics: {
          delivered: metric('LinesDelivered'),
          rejected: metric('LinesRejected'),
          undeliverable: metric('LinesUndeliverable'),
        },
        period: PERIOD,
      }),
      threshold: settings.alarmRejectedPercent,
      ...FOR_AN_HOUR,
      description: (stack) =>
        `More than ${settings.alarmRejectedPercent} % of the lines of a file were rejected and became dead letters. ` +
        `See why: npx km-import rejects list ${stack}. Then fix them (rejects pull) and send them again (rejects replay).`,
    },
    FileRejected: {
      metric: metric('FilesRejected'),
      threshold: 0,
      ...FOR_AN_HOUR,
      description: (stack) =>
        'A whole file was rejected, for example because it is not one JSON object per line. ' +
        `See why: npx km-import rejects list ${stack}. Then fix the file and upload it again.`,
    },
    DeadLettersOld: {
      // Measured once a day, by the job that archives old ones: the last value holds until the next.
      metric: metric('DeadLetterAgeSeconds', 'Maximum'),
      threshold: 3 * DAY_SECONDS,
      datapoints: 1,
      of: 1,
      missing: TreatMissingData.IGNORE,
      description: (stack) =>
        'Dead letters have waited for more than three days. They are moved to archived/ in the bucket on their tenth day. ' +
        `See them: npx km-import rejects list ${stack}.`,
    },
    DeadLettersArchived: {
      metric: metric('DeadLettersArchived'),
      threshold: 0,
      ...FOR_AN_HOUR,
      description: (stack) =>
        'Dead letters waited for ten days and were moved to archived/ in the bucket. Nothing is lost. ' +
        `Get them: npx km-import rejects pull ${stack} --archived -o rejects.jsonl.`,
    },
    DeadLettersQuarantined: {
      metric: metric('DeadLettersQuarantined'),
      threshold: 0,
      ...FOR_AN_HOUR,
      description: (stack) =>
        'Dead letters failed 3 times and were quarantined under archived/ in the bucket; a redrive no longer sends them. ' +
        `Fix them: npx km-import rejects pull ${stack} --archived -o rejects.jsonl.`,
    },
    FileMissed: {
      metric: metric('LateFilesQueued'),
      threshold: 0,
      ...FOR_AN_HOUR,
      description: (stack) =>
        'The daily search found files that were uploaded more than six hours ago and have no report, and queued them: an event or a message ' +
        'was lost, or the import could not start. They are imported now. ' +
        `See them: npx km-import status ${stack}.`,
    },
    MessageUnknown: {
      metric: metric('UnknownMessages'),
      threshold: 0,
      ...FOR_AN_HOUR,
      description: (stack) =>
        'The import queue received a message that is not for the importer. It becomes a dead letter as it is. ' +
        `See it: npx km-import rejects list ${stack}.`,
    },
    ...(props.hasAnswers === true && {
      AnswersNotPushed: {
        metric: metric('AnswersNotPushed'),
        threshold: 0,
        ...FOR_AN_HOUR,
        description: (stack: string) =>
          'An answer about a file could not be pushed for an hour, or its receiver refused it. Imports go on, and the reports have ' +
          `everything that the answers say. See them: npx km-import status ${stack}.`,
      },
    }),
    ...(props.hasExpectedFiles === true && {
      ExpectedFileMissing: {
        metric: metric('ExpectedFilesMissing'),
        threshold: 0,
        ...FOR_AN_HOUR,
        description: (stack: string) =>
          'No file has come under a prefix where one is expected. The log says which. Check the program that uploads it. ' +
          `See the last files: npx km-import status ${stack}.`,
      },
    }),
    ...(settings.alarmIdleDays > 0 && { NothingImported: nothingImported(metric('FilesImported'), settings.alarmIdleDays) }),
  }
}

/** Days without data are what it looks for, so it is also red from the first deployment to the first file. */
function nothingImported(metric: Metric, days: number): AlarmRule {
  return {
    metric: metric.with({ period: Duration.days(1) }),
    threshold: 1,
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    datapoints: days,
    of: days,
    missing: TreatMissingData.BREACHING,
    description: (stack) =>
      `No file was imported for ${days === 1 ? 'a day' : `${days} days`}. Check that files are still uploaded under incoming/. ` +
      `See the last ones: npx km-import status ${stack}.`,
  }
}
