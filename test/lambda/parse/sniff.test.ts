import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toEntry, type Entry } from '../../../lambda/parse/entry.ts'
import { admit, FormatSniffer, type Admission } from '../../../lambda/parse/sniff.ts'

const RULES = { latestTime: 2_000_000_000 }
const GOOD = '{"_p":"a","_t":1393344604,"_n":"x"}'

const OTHER = '{"userId":"a","timestamp":1393344604,"event":"x"}'
const HALF = '{"_p":"a","timestamp":1393344604,"_n":"x"}'
const UNNAMED = '{"_p":"a","_t":1393344604,"event":"x"}'

function entryOf(text: string, number = 1): Entry {
  return toEntry({ number, byteStart: 0, byteEnd: text.length, text }, RULES, 'k')
}

/** A line that the reader has found to be too long. */
function longEntry(start: string): Entry {
  const fault = { reason: 'line_too_long' as const, bytes: Buffer.from(start) }
  return toEntry({ number: 1, byteStart: 0, byteEnd: 300_000, text: '', fault }, RULES, 'k')
}

function sniff(entries: readonly Entry[]): readonly string[] {
  const sniffer = new FormatSniffer()
  return [...entries.map((entry) => sniffer.sniff(entry)), sniffer.end()].map((result) =>
    result.kind === 'refused' ? result.rejection.reason : result.kind,
  )
}

describe('the format of a file', () => {
  // prettier-ignore
  test.each<[string, readonly Entry[], readonly string[]]>([
    //  the file begins with                 lines                                                    after each line, and at the end
    [ 'a valid line',                        [entryOf(GOOD), entryOf('x')],                           ['admitted', 'admitted', 'admitted'] ],
    [ 'an object with a mistake',            [entryOf('{"_n":"x"}')],                                 ['admitted', 'admitted'] ],
    [ 'a damaged line and an object',        [entryOf('{"_p":'), entryOf(GOOD)],                      ['undecided', 'admitted', 'admitted'] ],
    [ 'nothing',                             [],                                                      ['admitted'] ],
    [ 'blank lines only',                    [entryOf(''), entryOf(' ')],                             ['undecided', 'undecided', 'admitted'] ],
    [ 'one damaged line only',               [entryOf('{"_p":')],                                     ['undecided', 'admitted'] ],
    [ 'a table',                             [entryOf('a,b'), entryOf('1,2')],                        ['undecided', 'undecided', 'not_line_delimited_json'] ],
    [ 'a too long line that is an object',   [longEntry('{"_p":"')],                                  ['admitted', 'admitted'] ],
    [ 'a too long line of many objects',     [longEntry(`${GOOD}${GOOD}{"_p`)],                       ['not_line_delimited_json', 'not_line_delimited_json'] ],
    [ 'a too long line with a list of them', [longEntry(`{"rows":[${GOOD},{"_p`)],                    ['not_line_delimited_json', 'not_line_delimited_json'] ],
    [ 'a too long line with a list in it',   [longEntry(`{"_p":"a","tags":[{"x":1},{"y`)],            ['admitted', 'admitted'] ],
    [ 'two objects on its first line',       [entryOf(GOOD + GOOD), entryOf(GOOD)],                   ['not_line_delimited_json', 'not_line_delimited_json', 'not_line_delimited_json'] ],
    [ 'a list, one object on each line',     [entryOf('['), entryOf(`${GOOD},`), entryOf(GOOD)],      ['undecided', 'undecided', 'not_line_delimited_json', 'not_line_delimited_json'] ],
    [ 'the names of another product',        [entryOf(OTHER), entryOf(OTHER)],                        ['undecided', 'undecided', 'other_product'] ],
    [ 'another product, and a damaged line', [entryOf(OTHER), entryOf('{"_p":')],                     ['undecided', 'undecided', 'other_product'] ],
    [ 'another product, then a valid line',  [entryOf(OTHER), entryOf(GOOD)],                         ['undecided', 'admitted', 'admitted'] ],
    [ 'the time under another name, once',   [entryOf(HALF), entryOf('a,b'), entryOf('1,2')],         ['undecided', 'undecided', 'undecided', 'admitted'] ],
    [ 'the same, and a valid line',          [entryOf(HALF), entryOf(GOOD)],                          ['undecided', 'admitted', 'admitted'] ],
    [ 'an event under another name',         [entryOf(UNNAMED), entryOf(UNNAMED)],                    ['undecided', 'undecided', 'other_product'] ],
    [ 'a property called event',             [entryOf(UNNAMED), entryOf(GOOD)],                       ['undecided', 'admitted', 'admitted'] ],
    [ 'a too long line that is a list',      [longEntry('[{"_p":"')],                                 ['undecided', 'not_line_delimited_json'] ],
  ])('%s', (_what, entries, results) => {
    expect(sniff(entries)).toEqual(results)
  })

  test.each([
    ['1000 lines without an object', entryOf('no JSON'), 1_000],
    ['4 MiB without an object', longEntry('no JSON'), 14],
  ])('is refused after %s', (_what, entry, count) => {
    const results = sniff(Array.from({ length: count + 5 }, () => entry))
    expect(results.indexOf('not_line_delimited_json')).toBe(count - 1)
  })

  test('is another product if 1000 lines have the time under another name, and a file with a few such lines is not', () => {
    const lines = Array.from({ length: 1_000 }, () => entryOf(HALF))
    expect(sniff(lines).slice(-2)).toEqual(['other_product', 'other_product'])
    expect(sniff(lines.slice(1)).slice(-2)).toEqual(['undecided', 'admitted'])
  })

  test('is admitted after 1000 blank lines: they are not held in memory forever', () => {
    expect(sniff(Array.from({ length: 1_001 }, () => entryOf(''))).indexOf('admitted')).toBe(999)
  })
})

async function* batchesOf(texts: readonly string[], sizes: readonly number[]): AsyncGenerator<readonly Entry[]> {
  let start = 0
  for (const size of [...sizes, texts.length]) {
    yield await Promise.resolve(texts.slice(start, start + size).map((text, index) => entryOf(text, start + index + 1)))
    start += size
  }
}

/** @returns the numbers of the lines that were admitted, and why the file was refused */
async function admitted(texts: readonly string[], sizes: readonly number[] = [], isAdmitted = false, start = 'text') {
  const lines: number[] = []
  let refusal: string | undefined
  for await (const step of admit(batchesOf(texts, sizes), { start: Buffer.from(start), isAdmitted })) {
    const next: Admission<Entry> = step
    if (next.kind === 'refused') refusal = next.rejection.reason
    else for (const { line } of next.entries) lines.push(line.number)
  }
  return { lines, refusal }
}

describe('admission', () => {
  test('passes every line on, in order, including those before the first object', async () => {
    expect(await admitted(['x', '', GOOD, 'y', GOOD], [1, 1, 1])).toEqual({ lines: [1, 2, 3, 4, 5], refusal: undefined })
  })

  test('refuses a file by its first bytes, without reading a line', async () => {
    expect(await admitted([GOOD], [], false, '%PDF-1.7')).toEqual({ lines: [], refusal: 'unsupported_format' })
  })

  test('refuses a file by its lines, without passing on any of them', async () => {
    expect(await admitted(['a,b', '1,2'])).toEqual({ lines: [], refusal: 'not_line_delimited_json' })
  })

  test('does not look at a file that was admitted before', async () => {
    expect(await admitted(['a,b', '1,2'], [], true, '%PDF-1.7')).toEqual({ lines: [1, 2], refusal: undefined })
  })

  test('closes the file when it refuses it', async () => {
    let isClosed = false
    async function* batches() {
      try {
        for (;;) yield await Promise.resolve([entryOf('no JSON')])
      } finally {
        isClosed = true
      }
    }
    for await (const step of admit(batches(), { start: Buffer.from('text') })) expect(step.kind).toBe('refused')
    expect(isClosed).toBe(true)
  })

  test('depends on the lines only, never on how they arrive', async () => {
    const text = fc.constantFrom(GOOD, 'a,b', '{"_p":', '', '[1]', '{"_n":"x"}')
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 30 }),
        fc.integer({ min: 0, max: 1_100 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 }),
        async (tail, filler, sizes) => {
          const texts = [...Array.from({ length: filler }, () => 'no JSON'), ...tail]
          expect(await admitted(texts, sizes)).toEqual(await admitted(texts))
        },
      ),
      { numRuns: 50 },
    )
  })
})
