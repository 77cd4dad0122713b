import { describe, expect, test } from '@jest/globals'
import { fixTextOf, meansOf, staleText, STALE_MS as PAGE_STALE_MS, stateText } from '../../../../cli/console/page/labels.ts'
import { MESSAGE_REASONS } from '../../../../cli/rejects/content.ts'
import { stateText as terminalStateText } from '../../../../cli/status/report-table.ts'
import { REASONS, type ReasonCode } from '../../../../lambda/reasons.ts'
import { STALE_MS, type ReportState } from '../../../../lambda/report/report.ts'

describe('the state of an import', () => {
  // prettier-ignore
  test.each<[ReportState, number, number, string]>([
    // state                       rejected  undeliverable   text
    [ 'importing',                 3,        0,              'importing' ],
    [ 'complete',                  0,        0,              'done' ],
    [ 'complete-with-rejects',     470,      0,              'done, 470 lines rejected' ],
    [ 'complete-with-rejects',     0,        1,              'done, 1 line undeliverable' ],
    [ 'complete-with-rejects',     2,        1,              'done, 2 lines rejected, 1 line undeliverable' ],
    [ 'failed',                    0,        0,              'rejected' ],
    [ 'superseded',                0,        0,              'replaced before it was fully read' ],
    [ 'gone',                      0,        0,              'deleted before it was fully read' ],
    [ 'skipped',                   0,        0,              'skipped' ],
    [ 'complete-after-fixing',     470,      0,              'done after fixing' ],
    [ 'held',                      0,        0,              'held, nothing was sent' ],
    [ 'discarded',                 0,        0,              'discarded, nothing was sent' ],
    [ 'cancelled',                 0,        0,              'cancelled' ],
  ])('%s, with %i rejected and %i undeliverable lines, is "%s", on the page and in the terminal', (state, rejected, undeliverable, text) => {
    const report = { state, lines: { total: 500, delivered: 0, rejected, undeliverable, blank: 0 } }
    expect([stateText(report), terminalStateText(report)]).toEqual([text, text])
  })
})

test('an import without news says so on the page, after the same time as elsewhere', () => {
  expect(PAGE_STALE_MS).toBe(STALE_MS)
  const updatedAt = '2026-01-01T00:00:00.000Z'
  const now = Date.parse(updatedAt)
  expect(staleText({ updatedAt }, now + STALE_MS - 1)).toBe('')
  expect(staleText({ updatedAt }, now + 90_000_000)).toBe(', no news for 1 d 1 h')
  expect(staleText({}, now)).toBe('')
})

describe('a reason', () => {
  test('has a meaning and a fix, whatever the code', () => {
    for (const reason of [...Object.keys(REASONS), ...Object.keys(MESSAGE_REASONS)] as ReasonCode[])
      expect([meansOf(reason), fixTextOf(reason)]).not.toContain('')
  })

  test('of a message that failed at every attempt does not blame what only delays an import', () => {
    const texts = [
      meansOf('import_unfinished'),
      fixTextOf('import_unfinished'),
      ...Object.values(MESSAGE_REASONS.import_unfinished),
    ]
    expect(texts.join(' ')).not.toMatch(/endpoint|API key|permission/i)
  })

  test('of a newer importer is shown as its code', () => {
    expect(meansOf('from_tomorrow' as ReasonCode)).toBe('from_tomorrow')
  })
})
