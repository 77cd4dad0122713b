import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ACCOUNT, Deployed } from '../deployed.ts'

const deployed = new Deployed({
  alarmIdleDays: 3,
  answerEmails: 'data@example.com',
  expectedFiles: 'incoming/daily/ within 24h rate(1 day)',
})
const topic = { Ref: deployed.idOf.get('Alarms/Topic/Resource') }
const names = [...deployed.idOf.keys()].flatMap((path) => /^Alarms\/(?!Topic)(\w+)\/Resource$/.exec(path)?.[1] ?? [])
const runbook = readFileSync('docs/runbook.md', 'utf8')

interface Metric {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions: unknown
}

function metricsOf(name: string): readonly Metric[] {
  const properties = deployed.at(`Alarms/${name}`).Properties as unknown as Metric & {
    readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: Metric } }[]
  }
  return properties.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) ?? [properties]
}

describe.each(names)('the alarm %s', (name) => {
  const properties = deployed.at(`Alarms/${name}`).Properties
  const description = properties['AlarmDescription'] as string

  test('notifies the topic when it goes off, and when it is over', () => {
    expect(properties).toMatchObject({ AlarmActions: [topic], OKActions: [topic] })
    expect(properties).not.toHaveProperty('InsufficientDataActions')
  })

  test('names its stack, a command that works when it is pasted, and its section of the runbook', () => {
    expect(description).toMatch(/^Stack KissmetricsImporter: [A-Z].{40,}\.$/)
    expect(description.length).toBeLessThanOrEqual(1_024)
    const [, command] = /npx km-import ([^.:)]+?)(?:\.jsonl)?[.:)]/.exec(description) ?? []
    expect(command).toMatch(/^(status|doctor|rejects list|rejects pull) --stack KissmetricsImporter( --archived -o rejects)?$/)
    expect(description).toContain(`docs/runbook.md#${name.toLowerCase()}`)
  })

  test('has a section in the runbook: what it means, where to look, what to do', () => {
    const [, section = ''] = new RegExp(`^## ${name}\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(runbook) ?? []
    for (const part of ['**Means**', '**Look**', '**Do**']) expect(section).toContain(part)
  })

  test('uses metrics of this importer that the importer, Lambda or SQS writes', () => {
    const counted = readFileSync('lambda/events.ts', 'utf8')
    for (const { Namespace, MetricName, Dimensions } of metricsOf(name)) {
      if (Namespace !== 'KissmetricsImporter') {
        expect(Namespace).toMatch(/^AWS\/(Lambda|SQS|Events)$/)
        continue
      }
      expect(Dimensions).toEqual([{ Name: 'service', Value: { Ref: deployed.idOf.get('Importer/Function/Resource') } }])
      expect(counted).toContain(`log.count('${MetricName}'`)
    }
  })
})

test('the runbook has no section for an alarm that does not exist', () => {
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  expect(sections.toSorted()).toEqual(names.toSorted())
})

test('the alarm for idle days exists only if it is set', () => {
  expect(names).toContain('NothingImported')
  expect(new Deployed().idOf.has('Alarms/NothingImported/Resource')).toBe(false)
})

test('the topic can only be published to by CloudWatch of this account', () => {
  const { PolicyDocument } = deployed.at('Alarms/Topic/Policy').Properties as { PolicyDocument: { Statement: unknown[] } }
  expect(deployed.resolve(PolicyDocument)).toMatchObject({
    Statement: [
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      {
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      },
    ],
  })
})
