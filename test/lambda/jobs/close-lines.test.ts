import { describe, expect, test } from '@jest/globals'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { closeLines, countClosedBefore, type Closing } from '../../../lambda/jobs/close-lines.ts'
import { closedLinesKey, reportKey, undeliveredKey } from '../../../lambda/keys.ts'
import { REPORT_SCHEMA, type Report } from '../../../lambda/report/report.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { undeliveredDocument, type Replaced } from '../../../lambda/settle/undelivered.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const REPLAY: SourceFile = { bucket: 'b', key: 'incoming/replays/replay-1.json', versionId: 'r1' }

function reportOf(file: SourceFile, rejected: number, undeliverable = 0, extra: Partial<Report> = {}): Report {
  const { commands, rejectedBy, warnings } = emptyCounts()
  const lines = { total: rejected + undeliverable + 2, delivered: 2, rejected, undeliverable, blank: 0 }
  const rejects = { open: rejected + undeliverable, fixed: 0, discarded: 0 }
  return {
    ...{
      schema: REPORT_SCHEMA,
      state: 'complete-with-rejects',
      file: { ...file, bytes: 9 },
      lines,
      rejects,
      commands,
      rejectedBy,
    },
    ...{ warnings, startedAt: '2026-01-01T00:00:00.000Z', invocations: 1, repeatsPossible: 0, ...extra },
  }
}

function closing(line: number, as: Closing['as'] = 'fixed', extra: Partial<Closing> = {}): Closing {
  return { ...FILE, line, as, countedAs: 'rejected', ...extra }
}

function withReport(rejected: number, undeliverable = 0, extra: Partial<Report> = {}): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.write(reportKey(FILE), reportOf(FILE, rejected, undeliverable, extra))
  return cloud
}

const rejectsOf = (cloud: MemoryCloud, file = FILE) => {
  const { state, rejects } = cloud.read(reportKey(file)) as Report
  return { state, open: rejects?.open, fixed: rejects?.fixed, discarded: rejects?.discarded }
}

const STILL_OPEN = 'complete-with-rejects'
const CLOSED = 'complete-after-fixing'

// prettier-ignore
describe('a file with three rejected lines', () => {
  test.each([
    // what is closed, in this order                                                                    state       open fixed discarded
    [ 'one fixed line',                              [[closing(1)]],                                         STILL_OPEN,  2,   1,    0 ],
    [ 'the same line twice',                         [[closing(1)], [closing(1)]],                           STILL_OPEN,  2,   1,    0 ],
    [ 'a fixed and a discarded line',                [[closing(1)], [closing(2, 'discarded')]],              STILL_OPEN,  1,   1,    1 ],
    [ 'a line that was discarded, and fixed later',  [[closing(1, 'discarded')], [closing(1)]],              STILL_OPEN,  2,   1,    0 ],
    [ 'a line that was fixed, and discarded later',  [[closing(1)], [closing(1, 'discarded')]],              STILL_OPEN,  2,   1,    0 ],
    [ 'all three',                                   [[closing(1), closing(2)], [closing(3, 'discarded')]],  CLOSED,      0,   2,    1 ],
  ] as const)('%s', async (_what, closings, state, open, fixed, discarded) => {
    const cloud = withReport(3)
    for (const some of closings) await closeLines(some, cloud.ports)
    expect(rejectsOf(cloud)).toEqual({ state, open, fixed, discarded })
  })
})

test('many replays at the same time close every line once', async () => {
  const lines = { total: 3_000, delivered: 2_940, rejected: 60, undeliverable: 0, blank: 0 }
  const cloud = withReport(60, 0, { lines })
  await Promise.all(Array.from({ length: 60 }, (_, index) => closeLines([closing(index * 37 + 1)], cloud.ports)))
  expect(rejectsOf(cloud)).toEqual({ state: CLOSED, open: 0, fixed: 60, discarded: 0 })
})

test('a file of a million lines has few documents, and lines that follow each other are one range', async () => {
  const cloud = withReport(1_000_000)
  const lines = Array.from({ length: 40_000 }, (_, index) => closing(index + 1))
  await closeLines(lines, cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 960_000, fixed: 40_000 })
  expect(cloud.read(closedLinesKey(FILE, 0))).toMatchObject({ fixed: [[1, 1_000], [16_001, 17_000], [32_001, 33_000]] }) // prettier-ignore
})

test('lines that are closed before the final report is written are counted when it is', async () => {
  const cloud = new MemoryCloud()
  await closeLines([closing(1)], cloud.ports)
  cloud.write(reportKey(FILE), reportOf(FILE, 3))
  await countClosedBefore(FILE, cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 2, fixed: 1 })
})

test('a line that is closed while the final report is written is counted by the one who closes it', async () => {
  const cloud = new MemoryCloud()
  cloud.onWrite = (key) => {
    if (key === closedLinesKey(FILE, 'early')) cloud.write(reportKey(FILE), reportOf(FILE, 3))
  }
  await closeLines([closing(1)], cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 2, fixed: 1 })
})

test('a report of an older version, without open lines, is counted too', async () => {
  const { rejects: _none, ...old } = reportOf(FILE, 2)
  const cloud = new MemoryCloud()
  cloud.write(reportKey(FILE), old)
  await closeLines([closing(1)], cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 1, fixed: 1 })
})

test('a rejected file stays rejected when its lines are closed', async () => {
  const cloud = withReport(1, 0, { state: 'failed' })
  await closeLines([closing(1)], cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ state: 'failed', open: 0, fixed: 1 })
})

describe('a dead letter that a killed run has left, of a line that the next run delivered,', () => {
  test('closes nothing: its line is not among those that the report counts', async () => {
    const cloud = withReport(0, 2)
    cloud.write(undeliveredKey(FILE), undeliveredDocument({ lines: [[5, 6]] }))
    await closeLines([closing(4, 'fixed', { countedAs: 'undeliverable' })], cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject({ open: 2, fixed: 0 })
    await closeLines([closing(5, 'fixed', { countedAs: 'undeliverable' })], cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject({ open: 1, fixed: 1 })
  })
})

describe('a line that was split into two, which were both rejected again,', () => {
  const replaced: Replaced = { ...FILE, line: 7, countedAs: 'rejected', by: [1, 2] }
  const piece = (line: number, as: Closing['as'] = 'fixed') => closing(line, as, REPLAY)

  function withReplay(): MemoryCloud {
    const cloud = withReport(1)
    cloud.write(reportKey(REPLAY), reportOf(REPLAY, 2))
    cloud.write(undeliveredKey(REPLAY), undeliveredDocument({ lines: [[1, 2]], replaced: [replaced] }))
    return cloud
  }

  test('is open until both are delivered', async () => {
    const cloud = withReplay()
    await closeLines([piece(2)], cloud.ports)
    expect([rejectsOf(cloud), rejectsOf(cloud, REPLAY)]).toMatchObject([{ open: 1 }, { open: 1, fixed: 1 }])
    await closeLines([piece(1)], cloud.ports)
    expect([rejectsOf(cloud), rejectsOf(cloud, REPLAY)]).toMatchObject([
      { state: CLOSED, fixed: 1 },
      { state: CLOSED, fixed: 2 },
    ])
  })

  test('is discarded if one of them is, and fixed if that one is delivered after all', async () => {
    const cloud = withReplay()
    await closeLines([piece(1, 'discarded'), piece(2)], cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject({ state: CLOSED, fixed: 0, discarded: 1 })
    await closeLines([piece(1)], cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject({ state: CLOSED, fixed: 1, discarded: 0 })
  })

  test.each(['documents.put', 'reports.replace'] as const)(
    'is closed by the second try if %s fails in the first',
    async (call) => {
      const cloud = withReplay()
      cloud.failing.add(call)
      await expect(closeLines([piece(1), piece(2)], cloud.ports)).rejects.toThrow(`${call} failed`)
      expect(rejectsOf(cloud)).toMatchObject({ open: 1, fixed: 0 })
      cloud.failing.clear()
      await closeLines([piece(1), piece(2)], cloud.ports)
      expect(rejectsOf(cloud)).toMatchObject({ open: 0, fixed: 1 })
    },
  )
})
