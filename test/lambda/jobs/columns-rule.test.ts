import { describe, expect, test } from '@jest/globals'
import type { ColumnMapping } from '../../../lambda/csv/columns.ts'
import { OutOfTime } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { reportKey, RULES_KEY } from '../../../lambda/keys.ts'
import { RULES_SCHEMA } from '../../../lambda/rules/rule-set.ts'
import { readHoldSettings } from '../../../lambda/settings/hold.ts'
import { ACCEPTED, FILE, invocation, MemoryCloud, type MemoryCloudOptions } from '../../support/memory-cloud.ts'

const MAPPING: ColumnMapping = { columns: { Email: '_p', When: '_t', Action: '_n' } }
const COLUMNS = { fix: 'columns', mapping: MAPPING }
const CSV = 'Email,When,Action\nbob,1393344604,Signed up\nann,1393344605000,Signed up\n'

function cloudWith(content: string, rules: readonly object[], options: MemoryCloudOptions = {}): MemoryCloud {
  const cloud = new MemoryCloud(options)
  cloud.object = Buffer.from(content)
  setRules(cloud, rules)
  return cloud
}

function setRules(cloud: MemoryCloud, rules: readonly object[]): void {
  cloud.write(RULES_KEY, { schema: RULES_SCHEMA, prefixes: [{ prefix: 'incoming/', rules }] })
}

/** Imports the file and everything that is queued meanwhile. */
async function importAll(cloud: MemoryCloud, first: Task = newTask(FILE)): Promise<void> {
  for (let task: Task | undefined = first; task !== undefined; task = cloud.queued.shift()?.task)
    await importFile(task, cloud.ports, invocation())
}

describe('a CSV file with other columns', () => {
  test('is imported by the mapping of its prefix; other rules get the lines of its rows', async () => {
    const cloud = cloudWith(CSV, [COLUMNS, { fix: 'ms-timestamps' }])
    await importAll(cloud)
    expect(cloud.report).toMatchObject({
      state: 'complete',
      lines: { total: 3, delivered: 2, blank: 1 },
      fixedBy: { 'ms-timestamps': 1 },
    })
    expect(cloud.requests).toEqual([expect.stringContaining('_p=bob'), expect.stringContaining('_p=ann')])
    expect(cloud.checkpoint()?.rules).toEqual([COLUMNS, { fix: 'ms-timestamps' }])
  })

  test('is rejected without the rule; when it is added, a redrive imports the file', async () => {
    for (const segmentBytes of [1_000_000, 40]) {
      const cloud = cloudWith(CSV, [], { limits: { segmentBytes } })
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ state: 'failed', lines: { delivered: 0 } })
      setRules(cloud, [COLUMNS])
      await importAll(cloud, newTask(FILE, 1))
      expect(cloud.report).toMatchObject({
        state: 'complete-with-rejects',
        lines: { total: 3, delivered: 1, rejected: 1, blank: 1 },
      })
    }
  })

  test('is one segment whatever its size, also if the rule is removed while it is imported', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => `p${index},1393344604,Signed up\n`).join('')
    const cloud = cloudWith(`Email,When,Action\n${rows}`, [COLUMNS], { limits: { segmentBytes: 100, maxInFlight: 1 } })
    let ending = new AbortController()
    cloud.answer = () => {
      if (cloud.requests.length % 10 === 0) ending.abort(new OutOfTime())
      return ACCEPTED
    }
    let runs = 0
    for (let task: Task | undefined = newTask(FILE); task !== undefined; task = cloud.queued.shift()?.task) {
      ending = new AbortController()
      await importFile(task, cloud.ports, invocation({ ending: ending.signal }))
      setRules(cloud, [])
      runs += 1
    }
    expect(runs).toBeGreaterThan(3)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 61, delivered: 60, blank: 1 } })
    expect(cloud.report).not.toHaveProperty('segments')
  })

  test('with a name that does not say that it is for the importer is recognised by the mapping', async () => {
    const file = { ...FILE, key: 'incoming/export.txt' }
    for (const [rules, state] of [
      [[COLUMNS, { fix: 'ms-timestamps' }], 'complete'],
      [[], 'skipped'],
    ] as const) {
      const cloud = cloudWith(CSV, rules)
      await handleMessage(() => [{ kind: 'task', task: newTask(file) }], cloud.ports, invocation())
      expect(cloud.read(reportKey(file))).toMatchObject({ state })
    }
  })

  test('with the columns of Kissmetrics is imported by these, although the prefix has a mapping', async () => {
    const cloud = cloudWith('Identity,Timestamp,Event\nbob,1393344604,Signed up\n', [COLUMNS])
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 1, blank: 1 } })
  })

  test('is surveyed by the mapping before its first line is sent', async () => {
    const rows = Array.from({ length: 200 }, (_, index) => `p${index},shared\n`).join('')
    const mapping = { columns: { Old: '_p', New: '_p2' } }
    const cloud = cloudWith(`Old,New\n${rows}`, [{ fix: 'columns', mapping }], { limits: { hold: readHoldSettings({}) } })
    await importAll(cloud)
    expect(cloud.report?.state).toBe('held')
    expect(cloud.requests).toEqual([])
  })

  test('has dead letters whose redrive reads the row by the mapping of the import', async () => {
    const row = `bob,1393344604,"${'x\n'.repeat(1_000)}"`
    const cloud = cloudWith(`Email,When,Action\n${row}\n`, [COLUMNS], { limits: { maxLineBytes: 1_024 } })
    await importAll(cloud)
    expect(cloud.deadLetters).toMatchObject([{ reason: 'line_too_long', rules: [COLUMNS] }])
    setRules(cloud, [])
    await replayDeadLetter(cloud.deadLetters[0]!, { ...cloud.ports, limits: { ...cloud.ports.limits, maxLineBytes: 10_000 } })
    // The row was read: the name of its event is too long.
    expect(cloud.deadLetters[1]).toMatchObject({ reason: 'invalid_event_name' })
  })
})

// prettier-ignore
test.each<[string, readonly object[], RegExp]>([
  [ 'without a mapping', [{ fix: 'columns' }],                                   /The rule "columns" needs a mapping of columns\. With a command, use --columns FILE/ ],
  [ 'that is wrong',     [{ fix: 'columns', mapping: { columns: { a: '_t' } } }], /The rule "columns" has a mapping that cannot be used: no column becomes "_p", the person\./ ],
  [ 'twice',             [COLUMNS, COLUMNS],                                     /There are two rules "columns": a column can have only one meaning\./ ],
  [ 'for all lines',     [{ ...COLUMNS, lines: 'all' }],                         /The rule "columns" cannot be for all lines/ ],
  [ 'that is too long',  [{ fix: 'columns', mapping: { columns: { a: '_p', b: '_t', ['c'.repeat(20_000)]: 'd' } } }], /a mapping that is too long: 20000 characters/ ],
])('a mapping %s is an error of the setup', async (_what, rules, sentence) => {
  const cloud = cloudWith(CSV, rules)
  await expect(importAll(cloud)).rejects.toThrow(sentence)
})
