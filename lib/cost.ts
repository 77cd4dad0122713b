/**
 * What an importer costs. docs/cost.md shows it, the dashboard estimates with it, and tests compare both, and a real import, with this file.
 */

/** List prices of us-east-1 in dollars, in November 2026, without volume discounts and free tiers. */
export const PRICES = {
  /** Lambda on arm64. */
  gigabyteSecond: 0.0000133334,
  invocation: 0.2e-6,
  /** From AWS to the internet. */
  gigabyteOut: 0.09,
  s3Write: 5e-6,
  s3Read: 0.4e-6,
  sqsRequest: 0.4e-6,
  gigabyteOfLogs: 0.5,
  /** CloudWatch bills a custom metric for each hour in which it has data. */
  metricMonth: 0.3,
  /** For each metric that an alarm looks at. */
  alarmMonth: 0.1,
  dashboardMonth: 3,
  secretMonth: 0.4,
  keyMonth: 1,
  natGatewayHour: 0.045,
  natGatewayGigabyte: 0.045,
  interfaceEndpointHour: 0.01,
} as const

export const HOURS_PER_MONTH = 730
const GIGABYTE = 1e9

/** CPU time of a line on a whole processor (vCPU), as `npm run bench` measures it. */
const CPU_SECONDS_PER_LINE = 85e-6
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES_PER_PROCESSOR = 1769
/** An import is one thread. */
const MAX_PROCESSORS = 1

/** How long one invocation imports before it requeues the rest: 15 minutes without the margin of KM_DEADLINE_MARGIN_SECONDS. */
const INVOCATION_SECONDS = 14 * 60

/** A line of 200 bytes becomes a request of 300, and TLS and TCP add about 100. */
export const BYTES_OUT_PER_LINE = 400

/** A checkpoint is written after this many seconds (KM_CHECKPOINT_SECONDS), or after this many lines for each request in flight. */
const CHECKPOINT = { seconds: 5, linesPerRequest: 24 }
const PROGRESS_REPORT_SECONDS = 2
/** Metrics and log lines. */
const LOG_BYTES = { perFile: 2_500, perCheckpoint: 1_000 }
/** Different metrics that an import writes. Each reason of rejected lines is one more. */
export const METRICS_OF_AN_IMPORT = 11

/**
 * Written: first and last checkpoint, the report, its receipt, the decision of the safety check, and the profile of the prefix. Read: the file, twice; the
 * profile, the import rules, the orders, and what an earlier run may have left. S3 and SQS answer some of these one after another.
 */
const PER_FILE = { s3Writes: 6, s3Reads: 10, seconds: 0.3 }
/** While lines are sent, the orders are read this often. */
const ORDERS_SECONDS = 5
/** The daily searches of 30 days: each lists a thousand files, and a thousand reports, with one request; one of them reads the report. */
const SEARCHES_PER_FILE = { s3Listings: 30 * 0.002, s3Reads: 1 }
/** Lambda receives and deletes the message; the importer hides it twice. */
const SQS_PER_INVOCATION = 4
const SECONDS_PER_HIDING = 60
const DEAD_LETTERS_PER_REQUEST = 10

export interface ImportFigures {
  readonly lines: number
  readonly files: number
  /** How long the endpoint takes to answer. */
  readonly latencyMs: number
  readonly memoryMb: number
  /** KM_MAX_IN_FLIGHT */
  readonly maxInFlight: number
  /** From 0 to 1. */
  readonly rejectedShare: number
  /** On a whole processor, if it was measured. */
  readonly cpuSecondsPerLine?: number
}

export const USUAL_IMPORT: ImportFigures = {
  lines: 1_000_000,
  files: 1,
  latencyMs: 100,
  memoryMb: 1024,
  maxInFlight: 128,
  rejectedShare: 0,
}

/** How much of a processor an import has. */
export function processorsOf(memoryMb: number): number {
  return Math.min(memoryMb / MEGABYTES_PER_PROCESSOR, MAX_PROCESSORS)
}

/** How long all invocations run: as long as the answers take, or the CPU. */
export function secondsOf(figures: ImportFigures): number {
  const { lines, files, latencyMs, memoryMb, maxInFlight, cpuSecondsPerLine = CPU_SECONDS_PER_LINE } = figures
  const processors = processorsOf(memoryMb)
  return files * PER_FILE.seconds + lines * Math.max(latencyMs / 1000 / maxInFlight, cpuSecondsPerLine / processors)
}

export interface Requests {
  readonly invocations: number
  readonly s3Writes: number
  readonly s3Reads: number
  readonly sqs: number
}

/** @param seconds how long the import takes */
export function requestsOf(figures: ImportFigures, seconds = secondsOf(figures)): Requests {
  const { lines, files, rejectedShare } = figures
  const checkpoints = checkpointsOf(figures, seconds)
  const invocations = files + Math.floor(seconds / INVOCATION_SECONDS)
  return {
    invocations,
    s3Writes: files * PER_FILE.s3Writes + checkpoints + Math.min(checkpoints, 1 + seconds / PROGRESS_REPORT_SECONDS),
    s3Reads: invocations * PER_FILE.s3Reads + seconds / ORDERS_SECONDS,
    sqs: invocations * SQS_PER_INVOCATION + seconds / SECONDS_PER_HIDING + (lines * rejectedShare) / DEAD_LETTERS_PER_REQUEST,
  }
}

function checkpointsOf({ lines, maxInFlight }: ImportFigures, seconds: number): number {
  return Math.max(lines / (CHECKPOINT.linesPerRequest * maxInFlight), seconds / CHECKPOINT.seconds)
}

/** Bytes of the log of an import. */
export function logBytesOf(figures: ImportFigures, seconds = secondsOf(figures)): number {
  return figures.files * LOG_BYTES.perFile + checkpointsOf(figures, seconds) * LOG_BYTES.perCheckpoint
}

export interface Cost {
  readonly lambda: number
  readonly dataTransfer: number
  readonly s3: number
  readonly sqs: number
  readonly logs: number
  /** For each hour in which something is imported. */
  readonly metrics: number
  readonly total: number
}

/** What an import costs, and the daily searches for its files, in dollars. */
export function costOf(figures: ImportFigures): Cost {
  const seconds = secondsOf(figures)
  const { invocations, s3Writes, s3Reads, sqs } = requestsOf(figures, seconds)
  const parts = {
    lambda: (seconds * figures.memoryMb * PRICES.gigabyteSecond) / 1024 + invocations * PRICES.invocation,
    dataTransfer: (figures.lines * (1 - figures.rejectedShare) * BYTES_OUT_PER_LINE * PRICES.gigabyteOut) / GIGABYTE,
    s3:
      (s3Writes + figures.files * SEARCHES_PER_FILE.s3Listings) * PRICES.s3Write +
      (s3Reads + figures.files * SEARCHES_PER_FILE.s3Reads) * PRICES.s3Read,
    sqs: sqs * PRICES.sqsRequest,
    logs: (logBytesOf(figures, seconds) * PRICES.gigabyteOfLogs) / GIGABYTE,
    metrics: (Math.ceil(seconds / 3600) * METRICS_OF_AN_IMPORT * PRICES.metricMonth) / HOURS_PER_MONTH,
  }
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) }
}

/** What a delivered line costs besides Lambda, at the default settings. */
export function dollarsPerLineWithoutLambda(): number {
  const { total, lambda } = costOf(USUAL_IMPORT)
  return (total - lambda) / USUAL_IMPORT.lines
}

/** Different metrics that the daily jobs write. */
export const DAILY_METRICS = 5

/** Lambda's five pollers of a queue ask it three times a minute each. */
const POLLS_PER_HOUR = 5 * 3 * 60

export interface IdleCost {
  readonly secret: number
  readonly polling: number
  readonly alarms: number
  readonly metrics: number
  /** The first three of an account are free. */
  readonly dashboard: number
}

/**
 * What a month costs in which nothing is imported, in dollars.
 *
 * @param alarmMetrics how many metrics the alarms look at
 */
export function idleCostOf(alarmMetrics: number): IdleCost {
  return {
    secret: PRICES.secretMonth,
    polling: POLLS_PER_HOUR * HOURS_PER_MONTH * PRICES.sqsRequest,
    alarms: alarmMetrics * PRICES.alarmMonth,
    metrics: (DAILY_METRICS * PRICES.metricMonth * (HOURS_PER_MONTH / 24)) / HOURS_PER_MONTH,
    dashboard: PRICES.dashboardMonth,
  }
}
