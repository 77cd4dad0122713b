import type { Deployed } from '../deployed.ts'
import { evaluate, type Datapoint, type State, type Treatment } from './evaluator.ts'
import { compute } from './expression.ts'
import type { Recorded, Statistic } from './recorded.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/**
 * AWS publishes one example of how many datapoints an alarm retrieves: five, for three evaluation periods. Other alarms may retrieve more or
 * fewer, so the scenarios are evaluated with several numbers.
 */
export const RETRIEVED_MORE = 2

interface Metric {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[]
}

interface Properties extends Partial<Metric> {
  readonly Statistic?: Statistic
  readonly Period?: number
  readonly Metrics?: readonly {
    readonly Id: string
    readonly Expression?: string
    readonly MetricStat?: { readonly Metric: Metric; readonly Period: number; readonly Stat: Statistic }
  }[]
  readonly Threshold: number
  readonly ComparisonOperator: 'GreaterThanThreshold' | 'LessThanThreshold'
  readonly EvaluationPeriods: number
  readonly DatapointsToAlarm: number
  readonly TreatMissingData: Treatment
}

/** While an alarm was red. `to` is undefined if it still is. */
export interface Red {
  readonly from: number
  readonly to: number | undefined
}

/** An alarm of the template. */
export class TemplateAlarm {
  readonly name: string
  readonly periodMs: number
  readonly #properties: Properties
  readonly #value: (recorded: Recorded, from: number, to: number) => number | undefined
  /** By the end of their period, in minutes since the start. Each is read many times. */
  readonly #datapoints = new WeakMap<Recorded, Datapoint[]>()

  constructor(name: string, properties: Properties, queueNames: ReadonlyMap<string, string>) {
    this.name = name
    this.#properties = properties
    const { Metrics, Statistic, Period } = properties
    if (Metrics === undefined) {
      const metric = nameOf(properties as Metric, queueNames)
      this.periodMs = Period! * 1000
      this.#value = (recorded, from, to) => recorded.statistic(metric, Statistic!, from, to)
      return
    }
    const { Expression } = Metrics.find((each) => each.Expression !== undefined)!
    const inputs = new Map(Metrics.flatMap(({ Id, MetricStat }) => (MetricStat === undefined ? [] : [[Id, MetricStat] as const])))
    const periods = new Set([...inputs.values()].map((input) => input.Period))
    if (periods.size !== 1) throw new Error(`${name} mixes periods`)
    this.periodMs = [...periods][0]! * 1000
    this.#value = (recorded, from, to) =>
      compute(Expression!, (id) => {
        const { Metric, Stat } = inputs.get(id)!
        return recorded.statistic(nameOf(Metric, queueNames), Stat, from, to)
      })
  }

  /**
   * When the alarm is red between two times, if nothing more is recorded. CloudWatch evaluates it every minute, or every hour if it looks back
   * more than a day.
   */
  redTimes(recorded: Recorded, start: number, end: number, retrievedMore = RETRIEVED_MORE): readonly Red[] {
    const { EvaluationPeriods: n, DatapointsToAlarm: m, TreatMissingData: treatment } = this.#properties
    const stepMs = n * this.periodMs > DAY_MS ? HOUR_MS : MINUTE_MS
    const reds: { from: number; to: number | undefined }[] = []
    const known = this.#datapoints.get(recorded) ?? []
    this.#datapoints.set(recorded, known)
    const datapoint = (to: number): Datapoint =>
      to < start ? this.#datapoint(recorded, to) : (known[(to - start) / MINUTE_MS] ??= this.#datapoint(recorded, to))
    let state: State = 'INSUFFICIENT_DATA'
    for (let now = start; now <= end; now += stepMs) {
      const range: Datapoint[] = []
      for (let to = now - (n + retrievedMore - 1) * this.periodMs; to <= now; to += this.periodMs) range.push(datapoint(to))
      const before = state
      state = evaluate(range, { m, n, treatment }, before)
      if (state === 'ALARM' && before !== 'ALARM') reds.push({ from: now, to: undefined })
      const last = reds.at(-1)
      if (state !== 'ALARM' && before === 'ALARM' && last !== undefined) last.to = now
    }
    return reds
  }

  #datapoint(recorded: Recorded, to: number): Datapoint {
    const { Threshold, ComparisonOperator } = this.#properties
    const value = this.#value(recorded, to - this.periodMs, to)
    if (value === undefined) return 'missing'
    const isBreaching = ComparisonOperator === 'GreaterThanThreshold' ? value > Threshold : value < Threshold
    return isBreaching ? 'breaching' : 'not breaching'
  }
}

/** The alarms of a synthesized stack. */
export function alarmsOf(deployed: Deployed): readonly TemplateAlarm[] {
  const queueNames = new Map(
    [...deployed.idOf].flatMap(([path, id]) =>
      /^ImportQueue\/(\w+)\/Resource$/.test(path) ? [[id, path.split('/')[1]!] as const] : [],
    ),
  )
  return [...deployed.idOf]
    .filter(([, id]) => deployed.resources[id]?.Type === 'AWS::CloudWatch::Alarm')
    .map(
      ([path, id]) =>
        new TemplateAlarm(path.split('/')[1]!, deployed.resources[id]!.Properties as unknown as Properties, queueNames),
    )
}

/** Metrics of a queue contain its part: `AWS/SQS/Queue/ApproximateAgeOfOldestMessage`. */
function nameOf({ Namespace, MetricName, Dimensions }: Metric, queueNames: ReadonlyMap<string, string>): string {
  const [dimension] = Dimensions
  if (dimension?.Name !== 'QueueName') return `${Namespace}/${MetricName}`
  const { 'Fn::GetAtt': attribute } = dimension.Value as { readonly 'Fn::GetAtt': readonly string[] }
  return `${Namespace}/${queueNames.get(attribute[0]!)!}/${MetricName}`
}
