import { describe, expect, test } from '@jest/globals'
import { NewerVersionError, OutOfTime, SetupError } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { reportKey, RULES_KEY } from '../../../lambda/keys.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'
import { RULES_SCHEMA } from '../../../lambda/rules/rule-set.ts'
import { ACCEPTED, BAD_LINE, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const MS: Rule = { fix: 'ms-timestamps' }

/** Its time is in milliseconds. */
function msLine(n: number): string {
  return goodLine(n).replace('1393344604', '1393344604000')
}

function setRules(cloud: MemoryCloud, rules: readonly Rule[], prefix = 'incoming/'): void {
  cloud.write(RULES_KEY, { schema: RULES_SCHEMA, prefixes: [{ prefix, rules }] })
}

/** Imports the file, and everything that is queued meanwhile. `between` is called before each message but the first. */
async function importAll(cloud: MemoryCloud, between: () => void = () => undefined): Promise<void> {
  await importFile(newTask(FILE), cloud.ports, invocation())
  for (let task: Task | undefined = cloud.queued.shift()?.task; task !== undefined; task = cloud.queued.shift()?.task) {
    between()
    await importFile(task, cloud.ports, invocation())
  }
}

describe('an import uses the rules of its prefix', () => {
  test('and its report counts what each has done', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1), msLine(2), BAD_LINE, '{"_p":"p","env":"test"}', '')
    setRules(cloud, [MS, { fix: 'skip:env=test' }, { fix: 'octal' }])
    await importAll(cloud)
    expect(cloud.report).toMatchObject({
      state: 'complete-with-rejects',
      lines: { total: 5, delivered: 2, rejected: 1, blank: 2 },
      fixedBy: { 'ms-timestamps': 1, 'skip:env': 1, octal: 0 },
    })
    expect(cloud.deadLetters).toMatchObject([{ line: BAD_LINE, rules: [MS, { fix: 'skip:env=test' }, { fix: 'octal' }] }])
    expect(cloud.requests.every((path) => path.includes('_t=1393344604&'))).toBe(true)
  })

  // prettier-ignore
  test.each([
    [ 'incoming/',       'incoming/a.json', 'complete' ],
    [ 'incoming/a',      'incoming/a.json', 'complete' ],
    [ 'incoming/daily/', 'incoming/a.json', 'complete-with-rejects' ],
  ])('rules for %s and the file %s: %s', async (prefix, key, state) => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1), msLine(2))
    setRules(cloud, [MS], prefix)
    await importFile(newTask({ ...FILE, key }), cloud.ports, invocation())
    expect(cloud.report?.state).toBe(state)
  })

  test('those of the longest prefix alone', async () => {
    const cloud = new MemoryCloud()
    cloud.put(msLine(1), '{"_p":" p","_t":"1393344604 ","_n":"e"}', goodLine(3))
    const prefixes = [
      { prefix: 'incoming/a', rules: [MS] },
      { prefix: 'incoming/', rules: [{ fix: 'trim' }] },
    ]
    cloud.write(RULES_KEY, { schema: RULES_SCHEMA, prefixes })
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ fixedBy: { 'ms-timestamps': 1 } })
    expect(cloud.report?.fixedBy).not.toHaveProperty('trim')
  })

  test('except a file of fixed lines, whose lines have had the rules of their own file', async () => {
    const cloud = new MemoryCloud()
    const file = { ...FILE, key: 'incoming/replays/replay-1.json' }
    cloud.put(msLine(1), goodLine(2))
    setRules(cloud, [MS, { fix: 'drop:_n', lines: 'all' }])
    await importFile(newTask(file), cloud.ports, invocation())
    expect(cloud.read(reportKey(file))).toMatchObject({ lines: { delivered: 1, rejected: 1 } })
    expect(cloud.read(reportKey(file))).not.toHaveProperty('fixedBy')
  })

  test('a file without rules has neither rules nor counts of them anywhere', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1), BAD_LINE)
    await importAll(cloud)
    for (const document of [cloud.report, cloud.checkpoint(), cloud.deadLetters[0]]) {
      expect(document).toBeDefined()
      expect(document).not.toHaveProperty('rules')
      expect(document).not.toHaveProperty('fixedBy')
    }
  })

  test('a file of which every line becomes valid by a rule is not refused for its first lines', async () => {
    const cloud = new MemoryCloud()
    cloud.put(...[1, 2, 3].map((n) => JSON.stringify(goodLine(n))))
    setRules(cloud, [{ fix: 'unpack' }])
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 3 }, fixedBy: { unpack: 3 } })
  })

  test('a file of which every line is skipped is complete', async () => {
    const cloud = new MemoryCloud()
    cloud.put('{"env":"test"}', '{"env":"test"}')
    setRules(cloud, [{ fix: 'skip:env=test' }])
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 2, blank: 2 }, fixedBy: { 'skip:env': 2 } })
  })
})

describe('the rules that an import began with stay', () => {
  const LINES = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? msLine(index) : goodLine(index)))

  /** Imports in pieces: the run is stopped after each ten requests, and the rules change before the next one. */
  async function importInPieces(segmentBytes: number, change: (cloud: MemoryCloud) => void): Promise<MemoryCloud> {
    const cloud = new MemoryCloud({ limits: { segmentBytes, maxInFlight: 1 } })
    cloud.put(...LINES)
    setRules(cloud, [MS])
    let sent = 0
    let ending = new AbortController()
    cloud.answer = () => {
      sent += 1
      if (sent % 10 === 0) ending.abort(new OutOfTime())
      return ACCEPTED
    }
    let task: Task | undefined = newTask(FILE)
    while (task !== undefined) {
      ending = new AbortController()
      await importFile(task, cloud.ports, invocation({ ending: ending.signal }))
      change(cloud)
      task = cloud.queued.shift()?.task
    }
    return cloud
  }

  test.each([
    ['as one segment', 1_000_000],
    ['split', 500],
  ])('for a file %s, if the rules change, are removed, or are damaged before each run', async (_what, segmentBytes) => {
    const expected = await importInPieces(segmentBytes, () => undefined)
    expect(expected.report).toMatchObject({ state: 'complete', lines: { delivered: 40 }, fixedBy: { 'ms-timestamps': 20 } })
    expect(expected.report?.invocations).toBeGreaterThan(3)
    for (const change of [
      (cloud: MemoryCloud) => {
        setRules(cloud, [{ fix: 'drop:_n', lines: 'all' }])
      },
      (cloud: MemoryCloud) => cloud.documents.delete(RULES_KEY),
      (cloud: MemoryCloud) => {
        cloud.write(RULES_KEY, { prefixes: 'damaged' })
      },
    ]) {
      const cloud = await importInPieces(segmentBytes, change)
      expect(cloud.requests.toSorted()).toEqual(expected.requests.toSorted())
      expect(cloud.report?.fixedBy).toEqual({ 'ms-timestamps': 20 })
    }
  })

  test('also if there were none: a rule that was added during an import is for the next file', async () => {
    const cloud = new MemoryCloud({ limits: { segmentBytes: 500 } })
    cloud.put(...LINES)
    await importAll(cloud, () => {
      setRules(cloud, [MS])
    })
    expect(cloud.report).toMatchObject({ lines: { delivered: 20, rejected: 20 } })
  })

  test('for the redrive of a dead letter', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1), msLine(2))
    cloud.answer = (path) => (path.includes('p2') ? { kind: 'status', status: 413 } : ACCEPTED)
    setRules(cloud, [MS])
    await importAll(cloud)
    const [deadLetter] = cloud.deadLetters
    expect(deadLetter).toMatchObject({ reason: 'endpoint_refused', line: msLine(2) })
    const first = cloud.requests.find((path) => path.includes('p2'))
    setRules(cloud, [{ fix: 'drop:_n', lines: 'all' }])
    cloud.requests.length = 0
    cloud.answer = () => ACCEPTED
    await replayDeadLetter(deadLetter!, cloud.ports)
    expect(cloud.requests).toEqual([first])
  })

  test('unless the file was rejected as a whole: its replay uses the rules that were added for it', async () => {
    for (const segmentBytes of [1_000_000, 50]) {
      const cloud = new MemoryCloud({ limits: { segmentBytes } })
      cloud.put(...[1, 2, 3].map((n) => `x${goodLine(n)}`))
      cloud.put('{"event":"e","properties":{"distinct_id":"a","time":1393344604}}')
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ state: 'failed' })
      setRules(cloud, [
        { fix: 'lift:properties' },
        { fix: 'rename:distinct_id=_p' },
        { fix: 'rename:time=_t' },
        { fix: 'rename:event=_n' },
      ])
      for (let task: Task | undefined = newTask(FILE, 1); task !== undefined; task = cloud.queued.shift()?.task)
        await importFile(task, cloud.ports, invocation())
      expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 1 } })
    }
  })
})

describe('rules that cannot be used', () => {
  // prettier-ignore
  test.each<[string, object, RegExp]>([
    [ 'of another form',      { a: 1 },                                                              /has import rules that cannot be used\. It must be a JSON object with "schema"/ ],
    [ 'without prefixes',     { schema: RULES_SCHEMA },                                              /It must have a list "prefixes"/ ],
    [ 'without rules',        { schema: RULES_SCHEMA, prefixes: [{ prefix: 'a' }] },                 /Each entry of "prefixes" must have a "prefix" and a list of "rules"/ ],
    [ 'with a prefix twice',  { schema: RULES_SCHEMA, prefixes: [{ prefix: 'a', rules: [] }, { prefix: 'a', rules: [] }] }, /The prefix "a" is there twice/ ],
    [ 'with an unknown rule', { schema: RULES_SCHEMA, prefixes: [{ prefix: 'x/', rules: [{ fix: 'guess' }] }] }, /For "x\/": There is no rule "guess"/ ],
  ])('%s are an error of the setup: nothing is sent, and the work waits', async (_what, document, sentence) => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1))
    cloud.write(RULES_KEY, document)
    await expect(importFile(newTask(FILE), cloud.ports, invocation())).rejects.toThrow(sentence)
    await expect(importFile(newTask(FILE), cloud.ports, invocation())).rejects.toBeInstanceOf(SetupError)
    const work = { kind: 'task', task: newTask(FILE) } as const
    expect(await handleMessage(() => [work], cloud.ports, invocation())).toEqual({ isAcknowledged: true })
    expect(cloud.queued).toHaveLength(1)
    expect([cloud.requests, cloud.deadLetters]).toEqual([[], []])
    setRules(cloud, [])
    await importFile(cloud.queued[0]!.task, cloud.ports, invocation())
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 1 } })
  })

  test('because a newer version has written them wait for that version', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1))
    cloud.write(RULES_KEY, { schema: 'kissmetrics-importer/rules/v2' })
    await expect(importFile(newTask(FILE), cloud.ports, invocation())).rejects.toBeInstanceOf(NewerVersionError)
  })
})
