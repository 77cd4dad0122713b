import { describe, expect, test } from '@jest/globals'
import { confirmationText } from '../../../cli/send/confirmation.ts'
import { widthOf } from '../../../cli/terminal/layout.ts'
import { jsonLines, surveyed, TIME } from '../preview/surveyed.ts'

const PIPE = { write: () => true }
const good = { _p: 'a', _t: TIME, _n: 'Joined' }

test('what is sent, what is rejected, and what cannot be undone', async () => {
  const summary = await surveyed(
    jsonLines([good, { ...good, _n: 'joined', _t: TIME + 86_400 }, { _p: 'a', _t: TIME, _p2: 'b' }, { _p: 'a' }, { _t: TIME }]),
  )
  expect(confirmationText(summary, ['may.jsonl'], PIPE)).toBe(`may.jsonl
  3 lines can be sent: record 2, alias 1.
  2 lines would be rejected: missing_timestamp 1, missing_identity 1.
  About 2 people, from 2014-02-25 to 2014-02-26. Sending takes a few seconds.
  1 alias, which cannot be undone.
  Similar event names, probably meant to be one: "Joined" and "joined".
  More: npx km-import preview may.jsonl

`)
})

test('what Kissmetrics counts once, and persons that may become one', async () => {
  const person = (index: number) => ({ ...good, _p: `person-${index}` })
  const text = confirmationText(
    await surveyed(jsonLines([good, good, { ...good, plan: 'pro' }, { ...good, _p: 'undefined' }, person(1), person(2)])),
    ['may.jsonl'],
    PIPE,
  ).replaceAll(/\s+/g, ' ')
  expect(text).toContain('1 event is identical to an earlier one. Kissmetrics counts identical events once.')
  expect(text).toContain('1 event is like an earlier one, with other properties. Kissmetrics may ignore them.')
  expect(text).toContain('1 time: a person is identified by a placeholder like null, undefined or guest')
})

describe('the files', () => {
  test('their number, if there are several', async () => {
    const text = confirmationText(await surveyed(jsonLines([good]), jsonLines([good])), ['a.jsonl', 'b c.jsonl'], PIPE)
    expect(text).toMatch(/^2 files\n/)
    expect(text).toContain("More: npx km-import preview a.jsonl 'b c.jsonl'\n")
  })

  test('too many for one row', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `${index}.jsonl`)
    expect(confirmationText(await surveyed(jsonLines([good])), names, PIPE)).toContain(
      'More: npx km-import preview, with the same files\n',
    )
  })

  test('one that cannot be sent, with the reason', async () => {
    const text = confirmationText(await surveyed('a,b\n1,2\n3,4\n'), ['table.csv'], PIPE)
    expect(text).toContain('  a cannot be sent: ')
    expect(text).toContain('  0 lines can be sent.\n')
  })
})

test('no control character of a file reaches the terminal, and no row is wider than 80 columns', async () => {
  const names = ['Signed\u001b[2J Up', 'signed\u001b[2j up', '東'.repeat(50), `${'東'.repeat(50)}!`]
  const summary = await surveyed(jsonLines(names.map((_n) => ({ ...good, _n }))))
  const text = confirmationText(summary, ['may.jsonl'], PIPE)
  expect(text).not.toContain('\u001b')
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80)
})
