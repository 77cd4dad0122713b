import { beforeAll, expect, test } from '@jest/globals'
import { compare, type Comparison, type Row } from '../../../bench/peers/compare.ts'
import type { ContenderName } from '../../../bench/peers/contenders.ts'
import { withTables } from '../../../bench/peers/document.ts'
import { isBad } from '../../../bench/peers/input.ts'
import { asMarkdown } from '../../../bench/peers/table.ts'

/** Requests 2, 52, 102 and 152 fail. */
const LINES = 200
const FAULTS = 4

let comparison: Comparison
let progress = ''
beforeAll(async () => {
  comparison = await compare({
    names: ['send', 'naive'],
    scenarios: ['clean', 'error'],
    lines: LINES,
    faultLines: LINES,
    inFlight: 4,
    rounds: 1,
    packages: 'not used',
    progress: (text) => {
      progress += text
    },
  })
})

function rowOf(name: ContenderName): Row {
  return comparison.rows.find((row) => row.name === name)!
}

test('without a fault, each line arrives once, and its cost is measured', () => {
  for (const { trials } of comparison.rows) {
    expect(trials.clean).toMatchObject([{ lost: 0, repeated: 0, requests: LINES, starts: 1, figures: { lines: LINES } }])
    expect(trials.clean[0]?.figures?.cpuMicros).toBeGreaterThan(0)
  }
})

test('an endpoint that answers 500 costs the handler of the tutorials its lines, and this importer none', () => {
  expect(rowOf('naive').trials.error).toMatchObject([{ lost: FAULTS, repeated: 0, requests: LINES }])
  expect(rowOf('send').trials.error).toMatchObject([{ lost: 0, repeated: 0, ending: 'done' }])
})

test('the contenders of a round run one after the other', () => {
  expect(progress.match(/clean: \w+|error: \w+/g)).toEqual(['clean: send', 'clean: naive', 'error: send', 'error: naive'])
})

test('the tables say what was lost, and leave out what was not run', () => {
  const tables = asMarkdown(comparison)
  expect(tables).toContain(`| handler as in tutorials |  | ${FAULTS} lost, 0 repeated |`)
  expect(tables).toMatch(/\| `km-import send --yes` \| [\d,]+ \| [\d,]+ \| [\d,]+ \| 1\.00 \| 1\.00 \|/)
})

test('one line in a hundred of a file with bad lines is bad', () => {
  const bad = Array.from({ length: 1_000 }, (_, index) => index + 1).filter(isBad)
  expect(bad).toHaveLength(10)
})

test('the tables of a document are replaced, and nothing else', () => {
  const before = 'a\n<!-- peers:start -->\nold\n<!-- peers:end -->\nb'
  const after = withTables(before, 'new')
  expect(after).toBe('a\n<!-- peers:start -->\n\nnew\n\n<!-- peers:end -->\nb')
  expect(withTables(after, 'new')).toBe(after)
  expect(() => withTables('no markers', 'new')).toThrow('<!-- peers:start -->')
})
