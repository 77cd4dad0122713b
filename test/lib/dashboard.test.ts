import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { LOG_QUERIES } from '../../lib/log-queries.ts'
import { Deployed } from './deployed.ts'

const deployed = new Deployed()
const { DashboardBody, DashboardName } = deployed.at('Dashboard/Dashboard').Properties
// References stay as JSON inside the text: only the names of metrics matter here.
const body = JSON.stringify(DashboardBody)
const written = ['lambda/events.ts', 'lambda/app.ts'].map((file) => readFileSync(file, 'utf8')).join('')

test('the dashboard has the name of its stack', () => {
  expect(DashboardName).toBe('KissmetricsImporter')
})

test('it shows only metrics that the importer writes', () => {
  const names = new Set([...body.matchAll(/KissmetricsImporter\\+",\\+"(\w+)/g)].map(([, name]) => name!))
  expect(names.size).toBeGreaterThan(14)
  expect([...names].filter((name) => !written.includes(`log.count('${name}'`))).toEqual([])
})

describe('it answers "is my data in?": it shows', () => {
  // prettier-ignore
  test.each([
    ['lines delivered',                   /LinesDelivered/],
    ['lines rejected by reason',          /SEARCH\('\{KissmetricsImporter,service,reason\} MetricName=.{1,4}DeadLetters/],
    ['files in progress',                 /ApproximateNumberOfMessagesNotVisible/],
    ['the age of work',                   /WorkAgeSeconds/],
    ['the age of dead letters',           /DeadLetterAgeSeconds/],
    ['the latency, p50',                  /EndpointMilliseconds.{1,400}p50/],
    ['the latency, p99',                  /EndpointMilliseconds.{1,400}p99/],
    ['the share of 429 and 503',          /429 or 503/],
    ['concurrency in use',                /ConcurrentExecutions/],
    ['an estimate of the cost',           /milliseconds \* 0\.0000000133334 \+ invocations \* 0\.0000002 \+ delivered \* 0\.00000004/],
  ])('%s', (_what, pattern) => {
    expect(body).toMatch(pattern)
  })
})

describe('a saved query', () => {
  test.each(Object.entries(LOG_QUERIES))(
    '%s reads the log of this importer, and codes that it writes',
    (id, { title, query }) => {
      const properties = deployed.at(`Dashboard/${id}`).Properties
      expect(properties).toMatchObject({
        Name: `KissmetricsImporter/${title}`,
        LogGroupNames: [{ Ref: deployed.idOf.get('Importer/Logs/Resource') }],
      })
      const codes = query.filterStatements!.flatMap((filter) =>
        [...filter.matchAll(/"([a-z]+_[a-z_]+)"/g)].map(([, code]) => code!),
      )
      expect(codes.filter((code) => !written.includes(`code: '${code}'`))).toEqual([])
    },
  )

  test('uses fields that lines have', () => {
    const fields = new Set(Object.values(LOG_QUERIES).flatMap(({ query }) => query.fields ?? []))
    const ofEveryLine = ['@timestamp', 'level', 'message', 'file', 'version', 'run', 'requestId']
    const facts = [...fields].filter((field) => !ofEveryLine.includes(field))
    for (const fact of facts) expect(`${fact}: ${written}`).toMatch(new RegExp(`facts\\.(\\w+): [^]*\\b\\1\\b`))
  })
})
