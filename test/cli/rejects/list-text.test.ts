import { describe, expect, test } from '@jest/globals'
import { listCsv, listText, totalText } from '../../../cli/rejects/list-text.ts'
import { REASONS } from '../../../lambda/reasons.ts'
import type { Group } from '../../../cli/rejects/summary.ts'

const output = { write: () => true }

const group: Group = {
  reason: 'missing_timestamp',
  key: 'incoming/a.json',
  day: '2026-03-20',
  count: 3,
  archived: 0,
  quarantined: 0,
  grouped: 0,
  sent: 0,
  lines: [2, 5, 9],
  oldest: '2026-03-20T12:00:00.000Z',
  example: '{"_p":"a"}',
}

describe('the list', () => {
  test('shows many lines that share a dead letter as one row', () => {
    const rows = listText([{ ...group, count: 1, grouped: 12_000, lines: [] }], '', output).split('\n')
    expect(rows).toContain('      2026-03-20          1  12,000 lines in one dead letter')
  })

  // prettier-ignore
  test.each([
    [ 30,  10,  '30 lines in one dead letter, 10 more were sent' ],
    [ 39,  1,   '39 lines in one dead letter, 1 more was sent' ],
    [ 0,   40,  'all 40 lines in one dead letter were sent' ],
  ])('shows %i of these lines as open after a replay of %i', (grouped, sent, text) => {
    const rows = listText([{ ...group, count: 1, grouped, sent, lines: [] }], '', output).split('\n')
    expect(rows).toContain(`      2026-03-20          1  ${text}`)
  })

  test('has the reason, what to do, the file, the day, the line numbers and an example', () => {
    const [heading, means, ...rows] = listText([group], '', output).split('\n')
    expect(heading).toBe('missing_timestamp                 3')
    expect(means).toMatch(/^ {2}The time is missing\./)
    expect(rows.slice(-5)).toEqual([
      '    incoming/a.json',
      '      2026-03-20          3  lines 2, 5, 9',
      '      {"_p":"a"}',
      '',
      '',
    ])
  })

  test('says how many are archived and quarantined', () => {
    expect(listText([{ ...group, count: 4_000, archived: 1_200, quarantined: 2 }], '', output)).toContain(
      '2026-03-20      4,000  2 quarantined; 1,200 archived; lines 2, 5, 9, …',
    )
  })

  test('of a message from another program has no file name', () => {
    const { example: _example, ...rest } = group
    const unknown: Group = { ...rest, reason: 'unknown_message', key: '', lines: [], count: 1 }
    expect(listText([unknown], '', output)).toContain('\n    (no file)\n      2026-03-20          1\n')
  })

  // prettier-ignore
  test.each<[Group['reason'], string]>([
    [ 'import_unfinished', 'npx km-import rejects replay --all-valid --stack Prod' ],
    [ 'unknown_message',   'npx km-import rejects archive --reason unknown_message --stack Prod' ],
    [ 'newer_version',     '  it is' ],
    [ 'invalid_json',      REASONS.invalid_json.fix.split(' ').slice(-1)[0] ?? '' ],
  ])('%s: its command is for the same deployment', (reason, end) => {
    const text = listText([{ ...group, reason }], ' --stack Prod', output)
    expect(text).toContain(`${end}\n    incoming/a.json\n`)
  })

  test('fits a terminal of 80 columns, and cannot control it', () => {
    const wide = { ...group, key: `incoming/${'x'.repeat(90)}\u001b[2J`, lines: Array.from({ length: 20 }, () => 100_000) }
    const text = listText([{ ...wide, example: 'y'.repeat(500) }], '', output)
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(text).not.toContain('\u001b')
  })

  test('of nothing is empty', () => {
    expect(listText([], '', output)).toBe('')
  })
})

test('the table for a spreadsheet cannot control a terminal', () => {
  const hostile = 'incoming/\u001b]0;pwned\u0007\u202egnp.json'
  const table = listCsv([{ ...group, key: hostile, example: hostile }])
  expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  expect(table).toContain(String.raw`incoming/\u001b]0;pwned\u0007\u202egnp.json`)
})

test('the table for a spreadsheet', () => {
  expect(listCsv([group])).toBe(
    'reason,file,day,dead letters,archived,quarantined,oldest,lines,example,lines in one dead letter\n' +
      'missing_timestamp,incoming/a.json,2026-03-20,3,0,0,2026-03-20T12:00:00.000Z,2 5 9,"{""_p"":""a""}",0\n',
  )
})

describe('the last lines say how many there are, when they expire, and what to do next', () => {
  const DAY_MS = 24 * 3_600_000
  const now = Date.parse('2026-03-20T12:00:00Z')
  const sentDaysAgo = (days: number) => new Date(now - days * DAY_MS)
  const context = { retentionMs: 14 * DAY_MS, isComplete: true, inUse: 0, deploymentOptions: '', filterOptions: '', now }
  const NEXT = 'Next: npx km-import rejects pull -o rejects.jsonl\n'
  const SOON = 'To keep them, run: npx km-import rejects archive\n'

  // prettier-ignore
  test.each([
    //  what               total  expiring  oldest in the queue      text
    ['none',               0,     0,        undefined,               'No dead letters.\n'],
    ['some',               498,   0,        sentDaysAgo(0.5),        `498 dead letters. The oldest in the queue expires in 13 days.\n${NEXT}`],
    ['one that is old',    1,     1,        sentDaysAgo(13),         `1 dead letter. The oldest in the queue expires in 24 hours.\nwarning: 1 of them expires within 4 days. ${SOON}${NEXT}`],
    ['several',            3,     2,        sentDaysAgo(13.99),      `3 dead letters. The oldest in the queue expires in 14 minutes.\nwarning: 2 of them expire within 4 days. ${SOON}${NEXT}`],
    ['one that is overdue', 1,    0,        sentDaysAgo(15),         `1 dead letter. The oldest in the queue expires in 0 minutes.\n${NEXT}`],
    ['only archived ones', 2,     0,        undefined,               `2 dead letters.\n${NEXT}`],
  ])('%s', (_what, total, expiringSoon, oldestQueued, text) => {
    expect(totalText({ total, expiringSoon, oldestQueued }, context, output)).toBe(text)
  })

  test('on a computer, none expires', () => {
    const summary = { total: 2, expiringSoon: 0, oldestQueued: sentDaysAgo(20) }
    expect(totalText(summary, { ...context, retentionMs: undefined }, output)).toBe(`2 dead letters.\n${NEXT}`)
  })

  // prettier-ignore
  test.each([
    [ 47_670, 2_330, `2,330 dead letters.\n47,670 more are in use; they reappear within 5 minutes.\n${NEXT}` ],
    [ 1,      0,     'No dead letters can be read now. 1 more is in use; it reappears within 5 minutes.\n' ],
  ])('%d that others are reading, and %d more', (inUse, total, text) => {
    const held = { ...context, isComplete: false, inUse }
    expect(totalText({ total, expiringSoon: 0, oldestQueued: undefined }, held, output)).toBe(text)
  })

  test('if all are archived, the next command includes these', () => {
    const summary = { total: 1, expiringSoon: 0, oldestQueued: undefined }
    expect(totalText(summary, { ...context, isAllArchived: true }, output)).toBe(
      '1 dead letter.\nNext: npx km-import rejects pull --archived -o rejects.jsonl\n',
    )
  })

  test('some files or reasons only: the next command is about these', () => {
    const summary = { total: 1, expiringSoon: 0, oldestQueued: undefined }
    const chosen = { ...context, filterOptions: ' --key a.json', isAllArchived: true, deploymentOptions: ' --stack Prod' }
    expect(totalText(summary, chosen, output)).toBe(
      '1 dead letter.\nNext: npx km-import rejects pull --key a.json --archived -o rejects.jsonl --stack Prod\n',
    )
  })

  test('more than one run can read, of a deployed stack', () => {
    const more = { ...context, isComplete: false, deploymentOptions: ' --stack Prod' }
    expect(totalText({ total: 100_000, expiringSoon: 0, oldestQueued: undefined }, more, output)).toBe(
      '100,000 dead letters.\nThere are more: one run reads at most 100,000 dead letters.\nNext: npx km-import rejects pull -o rejects.jsonl --stack Prod\n',
    )
  })
})
