import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { endsLinesWithCr } from '../../../lambda/common/line-ends.ts'
import { openLines } from '../../../lambda/read/lines.ts'
import { allOf, bodyOf, cut, linesOf } from './oracle.ts'

describe('the first line end decides', () => {
  // prettier-ignore
  test.each([
    //  the file                                    lines end with CR alone
    [ '{"a":1}\r{"b":2}\r',                         true ],
    [ '{"a":1}\r{"b":2}',                           true ],
    [ '\ufeff{"a":1}\r{"b":2}',                     true ],
    [ '{"a":1} \r\r\t{"b":2}',                      true ],
    [ '{"a":1}\r{"b":2}\n{"c":3}',                  true ],
    [ '{"a":1}\r\n{"b":2}\r\n',                     false ],
    [ '{"a":1}\n{"b":2}\r{"c":3}',                  false ],
    [ '{"a":1}\r',                                  false ],
    [ '{"a":1}\r\r\n{"b":2}',                       false ],
    [ '{"a":\r{"b":2}}',                            false ],
    [ '{"a":[{"b":1},\r{"c":2}]}',                  false ],
    [ '{"a":{}\r,"b":{}}',                          false ],
    [ '[\r{"a":1},\r{"b":2}\r]',                    false ],
    [ 'a,b\r1,2\r',                                 false ],
    [ '\r{"a":1}\r{"b":2}',                         false ],
    [ '',                                           false ],
  ])('%j', (text, isCr) => {
    expect(endsLinesWithCr(Buffer.from(text), true)).toBe(isCr)
    const early = endsLinesWithCr(Buffer.from(text), false)
    expect(early === undefined || early === isCr).toBe(true)
  })

  test('within the first 65,536 bytes', () => {
    const file = (length: number): Buffer => Buffer.from(`{"a":"${'x'.repeat(length - 8)}"}\r{}`)
    expect(file(65_534).indexOf(0x0d)).toBe(65_534)
    expect(endsLinesWithCr(file(65_534), true)).toBe(true)
    expect(endsLinesWithCr(file(65_535), true)).toBe(false)
  })
})

const OBJECT = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }).map((value) => JSON.stringify(value))

test('lines that end with CR are read like lines that end with LF, at the same positions, however the file is chunked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(OBJECT, { minLength: 2, maxLength: 8 }),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (objects, hasLast, cuts) => {
        const text = (end: string): Buffer => Buffer.from(objects.join(end) + (hasLast ? end : ''))
        expect(await linesOf(cut(text('\r'), cuts))).toEqual(await linesOf(cut(text('\n'), cuts)))
      },
    ),
  )
})

test('no line of a file with line feeds is read in another way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(OBJECT, { minLength: 1, maxLength: 6 }), fc.boolean(), async (objects, hasCr) => {
      const lines = await linesOf([Buffer.from(objects.map((object) => `${object}${hasCr ? '\r' : ''}\n`).join(''))])
      expect(lines.map(({ text }) => text)).toEqual(objects)
    }),
  )
})

test('500 kB with CR only: no line is too long', async () => {
  const object = '{"_p":"a","_t":1393344604,"_n":"One"}'
  const { batches } = await openLines(bodyOf(cut(Buffer.from(`${object}\r`.repeat(13_000)), [65_536, 131_072])), {
    maxLineBytes: 262_144,
  })
  const lines = (await allOf(batches)).flat()
  expect(lines).toHaveLength(13_000)
  expect(new Set(lines.map(({ text }) => text))).toEqual(new Set([object]))
  expect(lines.at(-1)).toMatchObject({ number: 13_000, byteStart: 12_999 * 38 })
})

test('one line is never split, because a CR in it does not end a line', async () => {
  const { batches } = await openLines(bodyOf([Buffer.from('{}\r{}')]), { maxLineBytes: 100, isLine: true })
  expect((await allOf(batches)).flat().map(({ text }) => text)).toEqual(['{}\r{}'])
})

test('if the body breaks off before the first line end, no line has ended', async () => {
  async function* broken() {
    yield Buffer.from('{"a":1}\r')
    throw await Promise.resolve(new Error('reset'))
  }
  const { batches } = await openLines(bodyOf(broken()), { maxLineBytes: 100 })
  await expect(allOf(batches)).rejects.toThrow('reset')
})
