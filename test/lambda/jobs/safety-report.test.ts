import { describe, expect, test } from '@jest/globals'
import { releasedState, reportSafety } from '../../../lambda/jobs/safety-report.ts'
import { SAFETY_SCHEMA, type Safety } from '../../../lambda/jobs/safety.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'
import { reportWith } from './closed-reports.ts'

const SURVEYED_AT = '2026-01-01T00:00:00.000Z'
const SAFETY: Safety = {
  ...{ schema: SAFETY_SCHEMA, decision: 'held', holds: [{ rule: 'new_names', detail: 'd' }] },
  ...{ lines: 7, bytes: 90, surveyedAt: SURVEYED_AT, decidedAt: '2026-01-02T00:00:00.000Z' },
}
const HOLD = { rules: SAFETY.holds, heldAt: SURVEYED_AT }

/** @param state of the report that is stored */
async function reported(decision: Safety['decision'], state?: ReportState): Promise<MemoryCloud> {
  const cloud = new MemoryCloud({ answers: { channels: [], commandOptions: '' } })
  if (state !== undefined) cloud.write(reportKey(FILE), { ...reportWith(1), state })
  const found = await cloud.ports.reports.find(FILE.bucket, reportKey(FILE))
  await reportSafety(FILE, { ...SAFETY, decision }, found, cloud.ports)
  return cloud
}

describe('the report of a file', () => {
  test('that is held shows its lines and why, and is not final', async () => {
    const cloud = await reported('held')
    expect(cloud.report).toMatchObject({ state: 'held', file: { bytes: 90 }, lines: { total: 7, delivered: 0 }, hold: HOLD })
    expect(cloud.report?.finishedAt).toBeUndefined()
    expect(cloud.codes).toEqual(['file_held'])
  })

  test('that is discarded has no lines: none of them has ended', async () => {
    const cloud = await reported('discarded', 'held')
    expect(cloud.report).toMatchObject({ state: 'discarded', lines: { total: 0 }, hold: HOLD })
    expect(cloud.report?.finishedAt).toBeDefined()
    expect(cloud.codes).toEqual(['file_discarded'])
  })

  // prettier-ignore
  test.each<[Safety['decision'], ReportState, ReportState, readonly string[]]>([
    //  decision     was                        is                          event
    [ 'held',       'held',                     'held',                     [] ],
    [ 'held',       'complete',                 'complete',                 [] ],
    [ 'held',       'importing',                'held',                     ['file_held'] ],
    [ 'held',       'failed',                   'held',                     ['file_held'] ],
    [ 'discarded',  'discarded',                'discarded',                [] ],
    [ 'discarded',  'complete-with-rejects',    'complete-with-rejects',    [] ],
    [ 'discarded',  'importing',                'discarded',                ['file_discarded'] ],
  ])('that is %s: a report "%s" becomes "%s"', async (decision, before, after, codes) => {
    const cloud = await reported(decision, before)
    expect(cloud.report?.state).toBe(after)
    expect(cloud.codes).toEqual(codes)
    expect(cloud.sent).toHaveLength(1) // the answer may not have been asked for by the run that wrote the report
  })

  test('that is released says that its lines are imported', () => {
    expect(releasedState(FILE, SAFETY)).toMatchObject({ file: FILE, bytes: 90, linesRead: 7, startedAt: SURVEYED_AT })
  })
})
