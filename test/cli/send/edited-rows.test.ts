import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { extractLines } from '../../../cli/send/edited-rows.ts'
import { TestFolder } from './sent-file.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Paid","order":12345678901234567890}'

function row(line: string | undefined, more = ''): string {
  const lineMember = line === undefined ? '' : `"line":${line},`
  return `{"reason":"missing_timestamp","detail":"d",${lineMember}${more}"source":{"key":"k","line":1},"failedAt":"2026-01-01T00:00:00.000Z","id":"${'0'.repeat(32)}"}\n`
}

describe('a file that is not rows is sent as it is', () => {
  // prettier-ignore
  test.each([
    [ 'lines',               `${GOOD}\n` ],
    [ 'an event like a row', '{"_p":"a","_t":1393344604,"reason":"r","detail":"d","id":"i"}\n' ],
    [ 'empty',               '' ],
    [ 'not JSON',            'a,b\n1,2\n' ],
    [ 'binary',              Buffer.from([0x1f, 0x8b, 0xff, 0x00]) ],
  ])('%s', async (_what, content) => {
    await using folder = await TestFolder.create()
    expect(await extractLines(await folder.write('a.jsonl', content))).toEqual({ kind: 'not-rows' })
    expect(await readdir(folder.path)).toEqual(['a.jsonl'])
  })
})

/** The only file that the lines of the rows were written to. */
async function extract(name: string): Promise<{ readonly name: string; readonly withoutLine: number }> {
  const edited = await extractLines(name)
  if (edited.kind === 'not-rows' || edited.files.length !== 1) throw new Error(`${name} is not one file of rows`)
  return { name: edited.files[0]!.name, withoutLine: edited.rows.withoutLine }
}

test('fixed lines are written to a file that is named after its content, digit by digit', async () => {
  await using folder = await TestFolder.create()
  const name = await folder.write('may.jsonl.rejected.jsonl', row(GOOD) + row(undefined) + row(JSON.stringify(GOOD)))
  const edited = await extract(name)
  expect(edited.withoutLine).toBe(1)
  expect(edited.name).toMatch(/may\.jsonl\.fixed-[0-9a-f]{8}\.jsonl$/)
  expect(await readFile(edited.name, 'utf8')).toBe(`${GOOD}\n${GOOD}\n`)
})

test('the same rows give the same file, other rows another one', async () => {
  await using folder = await TestFolder.create()
  const name = await folder.write('a.rejected.jsonl', row(GOOD))
  const first = await extract(name)
  expect(await extract(name)).toEqual(first)
  await writeFile(name, row(GOOD.replace('Paid', 'Sold')))
  expect(await extract(name)).not.toEqual(first)
})

test('a file of lines that a killed run left incomplete is written again', async () => {
  await using folder = await TestFolder.create()
  const name = await folder.write('a.rejected.jsonl', row(GOOD))
  const edited = await extract(name)
  await writeFile(edited.name, GOOD.slice(0, 10))
  await extract(name)
  expect(await readFile(edited.name, 'utf8')).toBe(`${GOOD}\n`)
})

test('nothing is written before a line is valid', async () => {
  await using folder = await TestFolder.create()
  const name = await folder.write('a.rejected.jsonl', row('{"_p":"a","_n":"Paid"}') + row(undefined))
  expect(await extractLines(name)).toMatchObject({ kind: 'rows', files: [], rows: { unfixed: 1, withoutLine: 1 } })
  expect(await readdir(folder.path)).toEqual(['a.rejected.jsonl'])
})

test('bytes that were not UTF-8 have to be replaced first', async () => {
  await using folder = await TestFolder.create()
  const line = '{"_p":"a","_t":1393344604,"_n":"caf\ufffd"}'
  const name = await folder.write('a.rejected.jsonl', row(GOOD) + row(line, '"lineBase64":"AAAA",'))
  await expect(extractLines(name)).rejects.toThrow(
    'a.rejected.jsonl, line 2: some bytes of the line were not UTF-8. Replace each "\ufffd" with the right character and delete "lineBase64". Nothing was sent.',
  )
})
