import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { costOf, HOURS_PER_MONTH, idleCostOf, PRICES, secondsOf, USUAL_IMPORT, type ImportFigures } from '../../lib/cost.ts'
import { Deployed } from './deployed.ts'

const deployed = new Deployed()
const page = readFileSync('docs/cost.md', 'utf8')

const dollars = (amount: number, digits = 3) => `$${amount.toFixed(digits)}`
const total = (figures: Partial<ImportFigures>) => dollars(costOf({ ...USUAL_IMPORT, ...figures }).total)
const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** Each metric of an expression counts. */
function alarmMetrics(): number {
  const alarms = Object.values(deployed.resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
  const metricsOf = (metrics: unknown) => (metrics as { MetricStat?: unknown }[]).filter((each) => each.MetricStat !== undefined)
  return alarms.reduce((sum, { Properties: { Metrics } }) => sum + (Metrics === undefined ? 1 : metricsOf(Metrics).length), 0)
}

describe('docs/cost.md shows what the code calculates', () => {
  test('for each latency and memory', () => {
    for (const latencyMs of [20, 50, 100, 200, 500]) {
      const cells = [512, 1024, 1769, 3008].map((memoryMb) => total({ latencyMs, memoryMb }))
      expect(page).toContain(row(`${latencyMs} ms`, ...cells, minutes({ latencyMs })))
    }
  })

  test('for each maximum of requests in flight', () => {
    for (const maxInFlight of [32, 64, 128, 256])
      expect(page).toContain(row(String(maxInFlight), total({ maxInFlight }), minutes({ maxInFlight })))
  })

  test('for one large file and many small ones', () => {
    for (const files of [1, 100, 1_000, 10_000, 100_000])
      expect(page).toContain(row(files.toLocaleString('en'), (1e6 / files).toLocaleString('en'), total({ files })))
  })

  test('by part', () => {
    const { lambda, dataTransfer, s3, sqs, logs, metrics } = costOf(USUAL_IMPORT)
    for (const [name, amount] of Object.entries({
      Lambda: lambda,
      'data to Kissmetrics': dataTransfer,
      S3: s3,
      SQS: sqs,
      'CloudWatch logs': logs,
      'CloudWatch metrics': metrics,
    }))
      expect(page).toMatch(new RegExp(`\\| ${name} \\|.*\\| \\${dollars(amount, 4)} \\|`))
  })

  test('for a month without an import, with the alarms of the template', () => {
    const { secret, polling, alarms, metrics, dashboard } = idleCostOf(alarmMetrics())
    for (const amount of [secret, polling, alarms, metrics, dashboard]) expect(page).toContain(`| ${dollars(amount, 2)} |`)
    expect(page).toContain(`**${dollars(secret + polling + alarms + metrics, 2)}**`)
    expect(page).toContain(`on ${alarmMetrics()} metrics`)
  })

  test('for the options', () => {
    for (const amount of [
      PRICES.keyMonth,
      PRICES.natGatewayHour * HOURS_PER_MONTH,
      PRICES.interfaceEndpointHour * HOURS_PER_MONTH,
    ])
      expect(page).toContain(dollars(amount, 2))
  })

  test('with the prices of the code', () => {
    const table = page.slice(page.indexOf('## List prices'))
    const shown = [...table.matchAll(/\| \$([\d.]+) \|/g)].map(([, price]) => Number(price))
    const perMillion = new Set(['invocation', 's3Write', 's3Read', 'sqsRequest'])
    expect(shown).toEqual(
      Object.entries(PRICES).map(([name, price]) => (perMillion.has(name) ? Number((price * 1e6).toPrecision(6)) : price)),
    )
  })
})

function minutes(figures: Partial<ImportFigures>): string {
  return `${Math.round(secondsOf({ ...USUAL_IMPORT, ...figures }) / 60)} min`
}

describe('the formula', () => {
  const cost = (figures: Partial<ImportFigures>) => costOf({ ...USUAL_IMPORT, ...figures })

  test('the parts add up', () => {
    const { total: sum, ...parts } = costOf(USUAL_IMPORT)
    expect(sum).toBeCloseTo(
      Object.values(parts).reduce((a, b) => a + b, 0),
      10,
    )
  })

  test('an endpoint that takes twice as long costs twice as much of Lambda', () => {
    expect(cost({ latencyMs: 400 }).lambda / cost({ latencyMs: 200 }).lambda).toBeCloseTo(2, 2)
  })

  test('below what the CPU needs for a line, a faster endpoint saves nothing', () => {
    expect(cost({ latencyMs: 1 }).total).toBe(cost({ latencyMs: 0 }).total)
  })

  test('a rejected line is not sent, and becomes a message', () => {
    expect(cost({ rejectedShare: 1 })).toMatchObject({ dataTransfer: 0 })
    expect(cost({ rejectedShare: 1 }).sqs).toBeCloseTo(0.04, 3)
  })
})
