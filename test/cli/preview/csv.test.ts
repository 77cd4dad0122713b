import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { stringify } from 'csv-stringify/sync'
import { readColumns } from '../../../cli/preview/read-columns.ts'
import { columnsRule } from '../../../lambda/rules/columns-rule.ts'
import { survey } from '../../../cli/preview/preview.ts'
import { jsonLines, surveyed, TIME } from './surveyed.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-csv-'))
})
afterAll(() => rm(dir, { recursive: true }))

const write = async (name: string, content: string): Promise<string> => {
  const file = path.join(dir, name)
  await writeFile(file, content)
  return file
}

describe('a preview of a CSV file', () => {
  const events = Array.from({ length: 3_000 }, (_, index) => ({
    _p: `p${index % 700}`,
    _t: TIME + (index % 900),
    _n: index % 2 === 0 ? 'Signed Up' : 'Paid, "once"',
    Plan: index % 3 === 0 ? 'pro\nyearly' : '',
    Price: String(index % 50),
  }))
  const csv = stringify([
    ['Identity', 'Timestamp', 'Event', 'Prop:Plan', 'Prop:Price'],
    ...events.map(({ _p, _t, _n, Plan, Price }) => [_p, _t, _n, Plan, Price]),
  ])
  // The first row is blank, and an empty cell is not there.
  const lines = `\n${jsonLines(events.map(({ Plan, ...rest }) => (Plan === '' ? rest : { ...rest, Plan })))}`

  test('shows what a preview of its JSON lines shows', async () => {
    const expected = await surveyed(lines)
    expect(expected.lines).toEqual({ total: 3_001, valid: 3_000, rejected: 0, blank: 1 })
    expect(await surveyed(csv)).toEqual(expected)
    expect(await surveyed(gzipSync(csv))).toEqual(expected)
  })

  test('shows rejected rows with their numbers', async () => {
    const { rejectedBy } = await surveyed('Identity,Timestamp,Event\na,1393344604,"e\nf"\nb,never,e\nc\n')
    expect(rejectedBy.invalid_timestamp?.examples).toMatchObject([{ line: 3 }])
    expect(rejectedBy.invalid_row?.examples).toMatchObject([{ line: 4 }])
  })

  test('refuses a file whose first row has a fault, and one that ends within quotes', async () => {
    const { refused, lines: counts } = await surveyed('Identity,Event\na,e\n', 'Identity,Timestamp,Event\na,1393344604,"e\n')
    expect(refused).toMatchObject([
      { file: 'a', reason: 'invalid_csv' },
      { file: 'b', reason: 'object_unreadable' },
    ])
    expect(counts.total).toBe(1)
  })

  test('with a mapping shows what an import with the mapping does', async () => {
    const file = await write('a.csv', 'Email;When\nbob;2014-02-25\nann;soon\n')
    const mapping = { columns: { Email: '_p', When: '_t' }, separator: ';', others: 'properties', time: 'dates', timeZone: 'UTC' }
    const columns = await readColumns(await write('columns.json', JSON.stringify(mapping)))
    expect((await survey([file], columns && [columnsRule(columns)])).rejectedBy).toMatchObject({
      invalid_timestamp: { count: 1 },
      nothing_to_import: { count: 1 },
    })
  })
})

// prettier-ignore
test.each([
  [ 'not JSON',        '{',                                   'is not a mapping of columns: it is not a JSON object.' ],
  [ 'not a mapping',   '{"columns":{"a":"_t"}}',              'is not a mapping of columns: no column becomes "_p", the person.' ],
])('a file of columns that is %s is refused', async (_what, text, message) => {
  await expect(readColumns(await write('bad.json', text))).rejects.toThrow(message)
})

test('a file of columns that does not exist is named', async () => {
  await expect(readColumns(path.join(dir, 'none.json'))).rejects.toThrow(
    'none.json cannot be read (ENOENT). Check the name after --columns.',
  )
})
