import { expect, test } from '@jest/globals'
import { lineStates } from '../../../../cli/console/person/line-states.ts'
import { checkpointKey, undeliveredKey } from '../../../../lambda/keys.ts'
import { classifyLine } from '../../../../lambda/parse/classify-line.ts'
import type { Report } from '../../../../lambda/report/report.ts'
import { SPLIT_PLAN_SCHEMA } from '../../../../lambda/settle/split-plan.ts'

const FILE = { bucket: 'bucket', key: 'incoming/people.jsonl', etag: '"1"', bytes: 1 }
const VALID = '{"_p":"a","_t":1393344604,"_n":"x"}'
const LEASE = { leaseHolder: { run: 'r', until: 0 } }

type State = Pick<Report, 'state'> & Partial<Pick<Report, 'cancelled'>> & { readonly undeliverable?: number }

function reportOf({ undeliverable = 0, ...rest }: State): Report {
  const lines = { total: 10, delivered: 10 - undeliverable, rejected: 0, undeliverable, blank: 0 }
  // Only these fields are read.
  return { file: FILE, lines, ...rest } as unknown as Report
}

function stored(documents: Readonly<Record<string, object>>) {
  const find = ({ key }: { readonly key: string }) =>
    Promise.resolve(documents[key] === undefined ? undefined : { value: documents[key], tag: '1' })
  const put = () => Promise.reject(new Error('nothing is written'))
  return { checkpoints: { find, put }, documents: { find, put } }
}

function entryOf(number: number, text: string) {
  return classifyLine({ number, byteStart: 0, byteEnd: 0, text }, { latestTime: 2e9 })
}

const checkpoint = (watermark: number, ended: readonly (readonly [number, number])[], newest: number, more: object = {}) => ({
  schema: 'kissmetrics-importer/checkpoint/v1',
  watermark: { line: watermark, byte: 0 },
  ended,
  newest,
  ...more,
  ...LEASE,
})
const ONE = { [checkpointKey(FILE, 1)]: checkpoint(2, [[4, 4]], 6, { undelivered: [[4, 4]] }) }
const SPLIT = {
  [checkpointKey(FILE, 'plan')]: {
    schema: SPLIT_PLAN_SCHEMA,
    segments: [
      { index: 1, firstLine: 1, lines: 5 },
      { index: 2, firstLine: 6, lines: 5 },
    ],
    ...LEASE,
  },
  [checkpointKey(FILE, 1)]: checkpoint(5, [], 5),
  [checkpointKey(FILE, 2)]: checkpoint(7, [], 8),
}
const UNDELIVERED = { [undeliveredKey(FILE)]: { schema: 'kissmetrics-importer/undelivered/v1', lines: [[3, 3]] } }

// prettier-ignore
test.each<[what: string, state: State, documents: Readonly<Record<string, object>>, states: readonly string[]]>([
  // import                          report                                                     documents    lines 1 to 8
  [ 'that has ended',                { state: 'complete' },                                     {},          Array.from({ length: 8 }, () => 'delivered') ],
  [ 'with a refused line',           { state: 'complete-with-rejects', undeliverable: 1 },      UNDELIVERED, ['delivered', 'delivered', 'undeliverable', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered'] ],
  [ 'with an unknown refused line',  { state: 'complete-with-rejects', undeliverable: 1 },      {},          Array.from({ length: 8 }, () => 'unsure') ],
  [ 'with other records than lines', { state: 'complete-with-rejects', undeliverable: 2 },      UNDELIVERED, Array.from({ length: 8 }, () => 'unsure') ],
  [ 'that is held',                  { state: 'held' },                                         ONE,         Array.from({ length: 8 }, () => 'not-sent') ],
  [ 'that was skipped',              { state: 'skipped' },                                      {},          Array.from({ length: 8 }, () => 'not-sent') ],
  [ 'that runs',                     { state: 'importing' },                                    ONE,         ['delivered', 'delivered', 'unsure', 'undeliverable', 'unsure', 'unsure', 'waiting', 'waiting'] ],
  [ 'that runs in segments',         { state: 'importing' },                                    SPLIT,       ['delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'unsure'] ],
  [ 'that has not begun',            { state: 'importing' },                                    {},          Array.from({ length: 8 }, () => 'waiting') ],
  [ 'that was cancelled',            { state: 'cancelled', cancelled: { at: '', settled: [[1, 2]], unsure: [[3, 4]] } }, {}, ['delivered', 'delivered', 'unsure', 'unsure', 'not-sent', 'not-sent', 'not-sent', 'not-sent'] ],
  [ 'that failed at its start',      { state: 'failed' },                                       {},          Array.from({ length: 8 }, () => 'not-sent') ],
])('the lines of an import %s', async (_, state, documents, states) => {
  const { stateOf } = await lineStates(reportOf(state), stored(documents))
  expect(Array.from({ length: 8 }, (_line, index) => stateOf(entryOf(index + 1, VALID)))).toEqual(states)
})

test('a rejected line that was not reached waits, or was not sent; an empty line has no state', async () => {
  const running = await lineStates(reportOf({ state: 'importing' }), stored(ONE))
  expect([1, 5, 9].map((number) => running.stateOf(entryOf(number, '{')))).toEqual(['rejected', 'waiting', 'waiting'])
  expect(running.stateOf(entryOf(1, ''))).toBeUndefined()
})
