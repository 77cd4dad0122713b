import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN, type FaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { API_KEY } from '../support/installation.ts'

/** Refuses requests with this word, and answers 401 once it has accepted so many. */
let refused = ''
let acceptsOnly = Infinity
let sink: FaultSink
let folder: string
beforeEach(async () => {
  refused = ''
  acceptsOnly = Infinity
  sink = await startFaultSink(({ target }) => {
    if (refused !== '' && target.includes(refused)) return status(413)
    return acceptsOnly-- > 0 ? TAKEN : status(401)
  })
  folder = await mkdtemp(path.join(tmpdir(), 'km-closing-'))
})
afterEach(async () => {
  await sink[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const here = (name: string): string => path.join(folder, name)
const write = (name: string, lines: readonly string[]) => writeFile(here(name), lines.map((line) => `${line}\n`).join(''))
const goodLine = (person: string, more = '') => `{"_p":"${person}","_t":1393344604,"_n":"Paid"${more}}`
const badLine = (person: string, more = '') => `{"_p":"${person}","_n":"Paid"${more}}`

async function send(name: string, ...options: readonly string[]) {
  const args = ['send', here(name), '--endpoint', sink.url, '--yes', ...options]
  const ended = await runInProcess(args, { KM_API_KEY: API_KEY })
  return { ...ended, text: `${ended.stderr}${ended.stdout}`.replaceAll(/\s+/g, ' ') }
}

interface Row {
  readonly line: { readonly _p: string }
  readonly source: { readonly key: string; readonly line: number }
  readonly origin?: { readonly key: string; readonly line: number }
}

async function rowsOf(name: string): Promise<readonly Row[]> {
  const text = await readFile(here(name), 'utf8')
  return text.split('\n').flatMap((row) => (row === '' ? [] : [JSON.parse(row) as Row]))
}

/** Replaces the rows of a file: those that `fix` gives a line for; the others are deleted. */
async function edit(name: string, fix: (person: string) => string | undefined): Promise<void> {
  const rows = (await rowsOf(name)).flatMap((row) => {
    const line = fix(row.line._p)
    return line === undefined ? [] : [JSON.stringify({ ...row, line: JSON.parse(line) as unknown })]
  })
  await write(name, rows)
}

/** The counts of a report, after a check that they add up. */
async function rejectsOf(name: string) {
  const report = JSON.parse(await readFile(here(`${name}.report.json`), 'utf8')) as Report
  const { lines, rejects: { open = 0, fixed = 0, discarded = 0 } = {} } = report
  expect(lines.delivered + fixed + open + discarded + lines.blank).toBe(lines.total)
  return { state: report.state, open, fixed, discarded }
}

const fixedFiles = async () => (await readdir(folder)).filter((name) => /\.fixed-[0-9a-f]{8}\.jsonl$/.test(name))
const people = () => [...sink.taken.keys()].map((request) => /[?&]_p=([^&]*)/.exec(request)?.[1]).toSorted()
const PEOPLE = Array.from({ length: 10 }, (_, index) => `p${index}`)

test('the report of a sent file ends at zero open lines: eight are fixed, one of them twice, and two are discarded', async () => {
  await write('may.jsonl', [goodLine('good'), ...PEOPLE.map((person) => badLine(person)), ''])
  await send('may.jsonl')
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-with-rejects', open: 10, fixed: 0, discarded: 0 })

  // Seven are fixed, one is still wrong, one will be refused, and one row is deleted.
  refused = 'p7'
  await edit('may.jsonl.rejected.jsonl', (person) =>
    person === 'p9' ? undefined : person === 'p8' ? badLine(person) : goodLine(person),
  )
  const first = await send('may.jsonl.rejected.jsonl')
  expect(first.text).toContain('1 rejected line has no row in')
  expect(first.text).toContain('may.jsonl: of its rejected lines, 7 fixed and delivered, 1 discarded, 2 still open.')
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-with-rejects', open: 2, fixed: 7, discarded: 1 })

  const [again = ''] = await fixedFiles()
  expect((await rowsOf(`${again}.rejected.jsonl`)).map(({ line, origin }) => [line._p, origin])).toEqual(
    expect.arrayContaining([
      ['p7', { key: here('may.jsonl'), line: 9 }],
      ['p8', { key: here('may.jsonl'), line: 10 }],
    ]),
  )
  refused = ''
  await edit(`${again}.rejected.jsonl`, (person) => (person === 'p8' ? undefined : goodLine(person)))
  await send(`${again}.rejected.jsonl`)
  expect(await rejectsOf(again)).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 1, discarded: 1 })
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 8, discarded: 2 })
  expect(people()).toEqual(['good', ...PEOPLE.slice(0, 8)])
  expect((await send('may.jsonl')).text).toContain('(done after fixing)')
})

test('the same rows, sent a second time, send nothing; fixed further, only what was not delivered', async () => {
  await write(
    'may.jsonl',
    PEOPLE.map((person) => badLine(person)),
  )
  await send('may.jsonl')
  await edit('may.jsonl.rejected.jsonl', (person) => (person < 'p4' ? goodLine(person) : badLine(person)))
  await send('may.jsonl.rejected.jsonl')
  const second = await send('may.jsonl.rejected.jsonl')
  expect(second).toMatchObject({ code: 1 })
  expect(second.text).toMatch(/4 lines of \S+ are left out: an earlier send has delivered them\..* none of them is valid yet/)
  await edit('may.jsonl.rejected.jsonl', (person) => goodLine(person))
  await send('may.jsonl.rejected.jsonl')
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 10, discarded: 0 })
  const third = await send('may.jsonl.rejected.jsonl')
  expect(third).toMatchObject({ code: 0 })
  expect(third.text).toContain('Use --again to send them again.')
  expect(people()).toEqual(PEOPLE)
  expect(sink.seen).toHaveLength(PEOPLE.length)
})

test('an interrupted send of fixed lines counts nothing before its end, and continues', async () => {
  await write(
    'may.jsonl',
    PEOPLE.map((person) => badLine(person)),
  )
  await send('may.jsonl')
  await edit('may.jsonl.rejected.jsonl', (person) => (person === 'p0' ? undefined : goodLine(person)))
  acceptsOnly = 4
  expect(await send('may.jsonl.rejected.jsonl')).toMatchObject({ code: 2 })
  expect(await rejectsOf('may.jsonl')).toMatchObject({ open: 10, fixed: 0, discarded: 0 })
  acceptsOnly = Infinity
  expect(await send('may.jsonl.rejected.jsonl')).toMatchObject({ code: 0 })
  expect(await fixedFiles()).toHaveLength(1)
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 9, discarded: 1 })
})

test('rows that were deleted count as discarded once the rest is sent; a row that returns is open again', async () => {
  await write(
    'may.jsonl',
    PEOPLE.map((person) => badLine(person)),
  )
  await send('may.jsonl')
  const all = await readFile(here('may.jsonl.rejected.jsonl'), 'utf8')
  await write('may.jsonl.rejected.jsonl', [])
  expect(await send('may.jsonl.rejected.jsonl')).toMatchObject({ code: 0 })
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 0, discarded: 10 })
  await writeFile(here('may.jsonl.rejected.jsonl'), all)
  expect(await send('may.jsonl.rejected.jsonl')).toMatchObject({ code: 1 })
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-with-rejects', open: 10, fixed: 0, discarded: 0 })
})

test('rows of two files, copied into one, close both; a row that is not there stays open', async () => {
  for (const name of ['a', 'b']) {
    await write(`${name}.jsonl`, [badLine(`${name}1`), badLine(`${name}2`)])
    await send(`${name}.jsonl`)
  }
  const rows = await Promise.all(['a', 'b'].map((name) => readFile(here(`${name}.jsonl.rejected.jsonl`), 'utf8')))
  await writeFile(here('some.jsonl'), rows.map((text) => `${text.split('\n')[0]!}\n`).join(''))
  await edit('some.jsonl', (person) => goodLine(person))
  expect(await send('some.jsonl')).toMatchObject({ code: 0 })
  for (const name of ['a.jsonl', 'b.jsonl'])
    expect(await rejectsOf(name)).toEqual({ state: 'complete-with-rejects', open: 1, fixed: 1, discarded: 0 })
})

test('a line that was rejected twice, and fixed in the first file of rows, is not sent again from the second one', async () => {
  await write('may.jsonl', [badLine('a'), badLine('b')])
  await send('may.jsonl')
  await edit('may.jsonl.rejected.jsonl', (person) => (person === 'a' ? goodLine(person) : badLine(person)))
  await send('may.jsonl.rejected.jsonl')
  const [first = ''] = await fixedFiles()
  for (const name of ['may.jsonl.rejected.jsonl', `${first}.rejected.jsonl`]) {
    await edit(name, (person) => goodLine(person))
    await send(name)
  }
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 2, discarded: 0 })
  expect(sink.seen).toHaveLength(2)
})

test('a line of which two were made is fixed when both are delivered', async () => {
  refused = 'strict'
  await write('may.jsonl', [badLine('a')])
  await send('may.jsonl')
  const row = await readFile(here('may.jsonl.rejected.jsonl'), 'utf8')
  await writeFile(here('may.jsonl.rejected.jsonl'), row + row)
  let made = 0
  await edit('may.jsonl.rejected.jsonl', () => goodLine(made++ === 0 ? 'a' : 'strict'))
  await send('may.jsonl.rejected.jsonl')
  expect(await rejectsOf('may.jsonl')).toMatchObject({ open: 1, fixed: 0 })
  refused = ''
  const [name = ''] = await fixedFiles()
  await send(`${name}.rejected.jsonl`)
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 1, discarded: 0 })
})

test('a file that is sent again begins again: what was fixed before does not count', async () => {
  await write('may.jsonl', [badLine('a'), badLine('b')])
  await send('may.jsonl')
  const fixOnly = (which: string) => (person: string) => (person === which ? goodLine(person) : badLine(person))
  await edit('may.jsonl.rejected.jsonl', fixOnly('a'))
  await send('may.jsonl.rejected.jsonl')
  expect(await rejectsOf('may.jsonl')).toMatchObject({ open: 1, fixed: 1 })
  await send('may.jsonl', '--again')
  await edit('may.jsonl.rejected.jsonl', fixOnly('b'))
  await send('may.jsonl.rejected.jsonl')
  expect(await rejectsOf('may.jsonl')).toMatchObject({ open: 1, fixed: 1 })
})

test('fixed lines are sent with the rules of their file, each once, and with further ones', async () => {
  await write('may.jsonl', [goodLine('a', ',"phone":"1"'), badLine('b', ',"phone":"1"'), badLine('c', ',"phone":"1"')])
  await writeFile(here('rules.json'), '[{"fix":"hash:phone"}]')
  await send('may.jsonl', `--rules=${here('rules.json')}`)
  await edit('may.jsonl.rejected.jsonl', (person) =>
    person === 'c' ? badLine(person, ',"phone":"1"') : goodLine(person, ',"phone":"1"').replace('1393344604', '1393344604000'),
  )
  await send('may.jsonl.rejected.jsonl', '--fix=ms-timestamps')
  const [fixed = ''] = await fixedFiles()
  await edit(`${fixed}.rejected.jsonl`, (person) => goodLine(person, ',"phone":"1"'))
  await send(`${fixed}.rejected.jsonl`)
  expect(people()).toEqual(['a', 'b', 'c'])
  const phones = [...sink.taken.keys()].map((request) => /[?&]phone=([^&]*)/.exec(request)?.[1])
  expect(new Set(phones).size).toBe(1)
  expect(phones[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(await rejectsOf('may.jsonl')).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 2, discarded: 0 })
})
