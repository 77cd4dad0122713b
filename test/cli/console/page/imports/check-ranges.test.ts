import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkFile, type FileCheck } from '../../../../../cli/console/page/imports/check-file.ts'
import { RangeDigester, type RangeRules } from '../../../../../cli/console/page/imports/digest-range.ts'
import type { RangeHelper } from '../../../../../cli/console/page/imports/range-helpers.ts'
import { rangesOf } from '../../../../../cli/console/page/imports/ranges.ts'
import { readHoldSettings } from '../../../../../lambda/settings/hold.ts'

const GOOD = '{"_p":"bob","_t":1393344604,"_n":"Paid","plan":"pro"}'
/** More than one thread always checks alone, until it knows the format. */
const HEAD = `${GOOD}\n`.repeat(700)
const CONTEXT = { rules: [{ fix: 'ms-timestamps' }], hold: readHoldSettings({}) }

/** Digests in this thread; its answers are copied as those of a worker are. */
class HelperInThisThread implements RangeHelper {
  readonly digested: number[] = []
  #digester: RangeDigester | undefined
  #last: Promise<unknown> = Promise.resolve()

  digest(range: Blob, rules: RangeRules) {
    this.digested.push(range.size)
    this.#digester ??= new RangeDigester(structuredClone(rules))
    const digester = this.#digester
    const digesting = this.#last.then(() => digester.digest(range))
    this.#last = digesting.catch(() => undefined)
    return digesting.then((digest) => structuredClone(digest))
  }
}

function check(file: Blob, helpers: readonly RangeHelper[] = [], rangeBytes = 200): Promise<FileCheck> {
  return checkFile(file, 'a.jsonl', {
    signal: new AbortController().signal,
    maxBytes: Infinity,
    context: CONTEXT,
    onProgress: () => undefined,
    ...(helpers.length > 0 && { startHelpers: () => helpers, ranges: { minFileBytes: 0, bytes: rangeBytes } }),
  })
}

async function expectSame(file: Blob, rangeBytes?: number): Promise<void> {
  const helpers = [new HelperInThisThread(), new HelperInThisThread(), new HelperInThisThread()]
  expect(await check(file, helpers, rangeBytes)).toEqual(await check(file))
  expect(helpers.flatMap(({ digested }) => digested).length).toBeGreaterThan(0)
}

const person = fc.integer({ min: 0, max: 30 }).map((index) => `p${index}`)
const time = fc.integer({ min: 1_393_344_604, max: 1_400_000_000 })
const line = fc.oneof(
  fc
    .tuple(person, time, fc.constantFrom('Paid', 'paid', 'Signed Up', 'a:b'), fc.oneof(fc.integer(), fc.string()))
    .map(([_p, _t, _n, size]) => JSON.stringify({ _p, _t, _n, size })),
  fc.tuple(person, time, fc.string()).map(([_p, _t, city]) => JSON.stringify({ _p, _t, city })),
  fc.tuple(person, time, person).map(([_p, _t, other]) => JSON.stringify({ _p, _t, _p2: `${other} or other` })),
  fc.constantFrom(
    GOOD,
    `${GOOD},`,
    '',
    ' ',
    'not JSON',
    '{"_p":"bob"}',
    GOOD.replace('604', '604000'),
    `{"_p":"${'é😀'.repeat(90)}"}`,
  ),
)
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n')

describe('a file that is checked in ranges, by several threads', () => {
  test('has the same result as one that is checked by one thread', async () => {
    const files = fc.record({
      lines: fc.array(fc.tuple(line, lineEnd), { maxLength: 60 }),
      rangeBytes: fc.integer({ min: 1, max: 2_000 }),
    })
    await fc.assert(
      fc.asyncProperty(files, async ({ lines, rangeBytes }) => {
        await expectSame(new Blob([HEAD, ...lines.flat()]), rangeBytes)
      }),
      { numRuns: 60 },
    )
  })

  test.each<[string, BlobPart[]]>([
    ['a last line without an end', [GOOD]],
    ['a line that is too long', [`${'x'.repeat(300_000)}\n`, `${GOOD}\n`]],
    ['a last line that is too long', ['x'.repeat(300_000)]],
    ['a line that is not UTF-8', [new Uint8Array([0x7b, 0xff, 0x0a]), GOOD]],
    ['only blank lines', ['\n'.repeat(3_000)]],
  ])('also with %s', async (_what, rest) => {
    await expectSame(new Blob([HEAD, ...rest]))
  })

  test('is shared by all of them', async () => {
    const helpers = [new HelperInThisThread(), new HelperInThisThread()]
    const { lines, extent } = await check(new Blob([HEAD, HEAD]), helpers)
    expect([lines, extent]).toEqual([1_400, 'complete'])
    // The first one that is free gets the next range; here each range is digested at once.
    for (const { digested } of helpers) expect(digested.length).toBeGreaterThan(0)
    expect(helpers.flatMap(({ digested }) => digested).length).toBeGreaterThan(100)
  })

  test('that cannot be read to its end is checked up to there', async () => {
    const helper = new HelperInThisThread()
    const failing: RangeHelper = {
      digest: (range, rules) => (helper.digested.length === 2 ? Promise.resolve(undefined) : helper.digest(range, rules)),
    }
    const { extent, lines } = await check(new Blob([HEAD, HEAD]), [failing])
    expect(extent).toBe('unreadable')
    expect(lines).toBeGreaterThan(600)
    expect(lines).toBeLessThan(1_400)
  })

  test.each<[string, string]>([
    ['CSV', `_p,_t,_n\n${'bob,1393344604,Paid\n'.repeat(3_000)}`],
    ['lines that end with CR', HEAD.replaceAll('\n', '\r').repeat(2)],
  ])('is checked by one thread: %s', async (_what, text) => {
    const helper = new HelperInThisThread()
    expect(await check(new Blob([text]), [helper])).toEqual(await check(new Blob([text])))
    expect(helper.digested).toEqual([])
  })
})

test('ranges end where lines end, and together are the whole rest of the file', async () => {
  const whole = fc.array(fc.constantFrom('a', '\n', 'bc\n'), { maxLength: 200 }).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(whole, fc.integer({ min: 1, max: 9 }), async (text, rangeBytes) => {
      const ranges: string[] = []
      for await (const range of rangesOf(new Blob([text]), 0, rangeBytes)) ranges.push(await range.text())
      expect(ranges.join('')).toBe(text)
      for (const range of ranges.slice(0, -1)) expect(range).toMatch(/\n$/)
    }),
  )
})
