import { createReadStream } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { survey } from '../../cli/preview/preview.ts'
import { toEntries, type Entry } from '../../lambda/parse/entry.ts'
import { CountedOnce } from '../../lambda/parse/counted-once.ts'
import { admit } from '../../lambda/parse/sniff.ts'
import { openLines } from '../../lambda/read/lines.ts'

// cspell:ignore midfile oneline

// Small files with kinds of faults that people reported about importers and exporters, read by the importer and by `preview`.

const RULES = { latestTime: Date.UTC(2026, 0, 2) / 1000 }
const file = (name: string): string => path.join('test/fixtures/field', name)

/** `ok`, `blank`, the reason, or the warnings of each line; or why the file is refused. */
async function outcomesOf(name: string): Promise<readonly string[] | string> {
  const { start, batches } = await openLines(createReadStream(file(name)), { maxLineBytes: 262_144 })
  const countedOnce = new CountedOnce()
  const entries = async function* () {
    for await (const batch of batches) yield toEntries(batch, RULES, 'k', countedOnce)
  }
  const outcomes: string[] = []
  for await (const admission of admit(entries(), { start })) {
    if (admission.kind === 'refused') return `${admission.rejection.reason}: ${admission.rejection.detail}`
    outcomes.push(...Array.from(admission.entries, outcomeOf))
  }
  return outcomes
}

/** The detail of each line that is rejected. */
async function detailsOf(name: string): Promise<readonly string[]> {
  const { batches } = await openLines(createReadStream(file(name)), { maxLineBytes: 262_144 })
  const details: string[] = []
  for await (const batch of batches)
    for (const entry of toEntries(batch, RULES, 'k')) details.push(entry.kind === 'rejected' ? entry.rejection.detail : '')
  return details
}

function outcomeOf(entry: Entry): string {
  if (entry.kind === 'rejected') return entry.rejection.reason
  return entry.kind === 'blank' ? 'blank' : entry.parsed.warnings.join('+') || 'ok'
}

const times = (count: number, outcome: string): readonly string[] => Array.from({ length: count }, () => outcome)

describe('each line of a file', () => {
  // prettier-ignore
  test.each<[string, readonly string[]]>([
    [ '01-km-export.jsonl', ['export_column+export_column', 'export_column', 'invalid_json', 'timestamp_before_2009', 'export_column+underscore_name', 'reserved_name', 'underscore_name+underscore_name'] ],
    [ '02-illegal-ids.jsonl', [...times(7, 'invalid_alias'), ...times(6, 'placeholder_identity'), 'placeholder_identity+unusual_identity', 'placeholder_identity', ...times(2, 'invalid_alias')] ],
    [ '06f-bom-midfile.jsonl', ['ok', 'invalid_json'] ],
    [ '07-cr-only.jsonl', ['ok', 'ok', 'counted_once'] ],
    [ '13-identities.jsonl', [
      ...times(5, 'unusual_identity'), 'ok', 'ok', ...times(5, 'unusual_identity'), 'invalid_identity', 'invalid_identity',
      ...times(3, 'missing_identity'), 'invalid_identity', 'unusual_identity', 'ok', 'ok',
      'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'invalid_event_name', 'similar_identities', ...times(2, 'unusual_identity+similar_identities'), 'alias_to_itself', 'similar_identities',
    ] ],
    [ '14-other-products.jsonl', [
      ...times(6, 'missing_identity'), ...times(3, 'reserved_name'), ...times(3, 'missing_identity'), 'not_an_object', 'ok', 'ok', 'reserved_name',
      ...times(3, 'underscore_name'),
      ...times(3, 'reserved_name'), 'ok', 'invalid_event_name',
    ] ],
    [ '15-collapse.jsonl', ['ok', 'counted_once', 'counted_once', 'ok', 'counted_once', 'counted_once', 'ok', 'counted_once'] ],
    [ '21-within-line-twins.jsonl', times(4, 'duplicate_name') ],
  ])('%s', async (name, outcomes) => {
    expect(await outcomesOf(name)).toEqual(outcomes)
  })
})

describe('a file that is rejected as a whole', () => {
  // prettier-ignore
  test.each([
    [ '05-firehose-oneline.jsonl',  'not_line_delimited_json',  'objects follow each other without line ends; to convert it, run: npx km-import fix FILE --fix split-objects' ],
    [ '05b-firehose-some.jsonl',    'not_line_delimited_json',  'objects follow each other without line ends' ],
    [ '16-excel-csv.jsonl',         'not_line_delimited_json',  'each line is text that contains JSON; to convert it, run: npx km-import fix FILE --fix unpack' ],
    [ '16b-double-encoded.jsonl',   'not_line_delimited_json',  'each line is text that contains JSON' ],
    [ '16c-mixpanel-export.jsonl',  'other_product',            'columns "distinct_id", "time", "event": this is a Mixpanel export' ],
    [ '18d-array-lines.json',       'not_line_delimited_json',  'it is a list with its objects on several lines; to convert it, run: npx km-import fix FILE --fix array' ],
    [ '23-links-min.json',          'not_line_delimited_json',  'the objects are in the list `links`; to convert it, run: npx km-import fix FILE --fix list:links' ],
  ])('%s', async (name, reason, words) => {
    expect(await outcomesOf(name)).toMatch(new RegExp(`^${reason}: .*${words.replaceAll(/[[\](){}.*+?^$|\\]/g, '\\$&')}`))
    const { refused, lines } = await survey([file(name)])
    expect(refused).toMatchObject([{ reason }])
    expect(lines.total).toBe(0)
  })
})

describe('the detail of a line says what the character or the date is', () => {
  // prettier-ignore
  test.each([
    //  the file                line   the detail
    [ '03-pandas.jsonl',        16,    'in seconds it is 1393344604' ],
    [ '03-pandas.jsonl',        17,    'in seconds it is 1393344604' ],
    [ '03-pandas.jsonl',        20,    'it is a date without a time zone; if that is UTC, in seconds it is 1393344604' ],
    [ '03-pandas.jsonl',        21,    'it is a date; in seconds it is 1393344604' ],
    [ '03-pandas.jsonl',        22,    'it is a date; in seconds it is 1393344604' ],
    [ '03-pandas.jsonl',        26,    'it is a date; in seconds it is 1393344604' ],
    [ '03-pandas.jsonl',        27,    'it is a date; in seconds it is 1393344604' ],
    [ '17-almost-json.jsonl',   21,    'a character that JSON does not allow here (U+00A0, no-break space); remove it' ],
    [ '17-almost-json.jsonl',   22,    'U+00A0, no-break space' ],
    [ '17-almost-json.jsonl',   23,    'U+00A0, no-break space' ],
    [ '17-almost-json.jsonl',   24,    'U+200B, zero width space' ],
    [ '17-almost-json.jsonl',   30,    'U+200B, zero width space' ],
    [ '06f-bom-midfile.jsonl',  2,     'a byte order mark in the middle of the file' ],
    [ '01-km-export.jsonl',     3,     'an octal escape like \\303' ],
  ])('%s, line %i', async (name, line, words) => {
    expect((await detailsOf(name))[line - 1]).toContain(words)
  })
})

test('preview counts what is sent all the same, and lists spellings of one identity', async () => {
  const { warnings, identities, repeats } = await survey([
    file('13-identities.jsonl'),
    file('02-illegal-ids.jsonl'),
    file('15-collapse.jsonl'),
  ])
  expect(warnings).toMatchObject({ placeholder_identity: 8, unusual_identity: 14, similar_identities: 4 })
  expect(identities.spellings.groups).toEqual(
    expect.arrayContaining([
      ['bob@example.com', ' bob@example.com', 'bob@example.com ', 'bob@example.com\u00a0', 'bob@example.com\u200b'],
      ['zoë', 'zoe\u0308'],
      ['a', 'A', 'a ', 'a\u200b'],
      ['1', '1.0'],
    ]),
  )
  const { events, sameSecond, sets, contradictions } = repeats
  expect([events, sameSecond, sets, contradictions]).toEqual([1, 2, 0, 2])
})
