import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LineCheck, type LineCounts } from '../../../../../cli/console/page/imports/check-lines.ts'
import { DigestPool } from '../../../../../cli/preview/digest/digest-pool.ts'
import { surveyFile } from '../../../../../cli/preview/read.ts'
import { Survey } from '../../../../../cli/preview/survey/survey.ts'

const RULES = { latestTime: 2_000_000_000 }

/** What the page counts, reading pieces of the given size. */
function checked(bytes: Uint8Array, pieceBytes: number): LineCounts {
  const check = new LineCheck(RULES)
  for (let start = 0; start < bytes.length; start += pieceBytes) check.add(bytes.subarray(start, start + pieceBytes))
  check.end()
  return check.counts()
}

/** What the importer's own reader counts. */
async function surveyed(bytes: Uint8Array) {
  const survey = new Survey()
  await using pool = new DigestPool(0)
  await surveyFile({ name: 'x', body: Readable.from([Buffer.from(bytes)]), rules: RULES }, survey, {
    maxLineBytes: 262_144,
    pool,
  })
  const { lines, rejectedBy, refused } = survey.summary()
  return {
    ready: lines.valid,
    blank: lines.blank,
    rejectedBy: Object.fromEntries(Object.entries(rejectedBy).map(([reason, { count }]) => [reason, count])),
    refusal: refused[0]?.reason,
  }
}

async function expectSame(bytes: Uint8Array, ...piecesBytes: readonly number[]): Promise<void> {
  const importer = await surveyed(bytes)
  for (const pieceBytes of piecesBytes) {
    const { ready, blank, rejectedBy, refusal } = checked(bytes, pieceBytes)
    const page = {
      ready,
      blank,
      rejectedBy: Object.fromEntries(rejectedBy.map(({ reason, count }) => [reason, count])),
      refusal: refusal?.reason,
    }
    // The lines of a rejected file are not shown, so their counts may differ.
    if (importer.refusal === undefined) expect(page).toEqual(importer)
    else expect(page.refusal).toBe(importer.refusal)
  }
}

describe('the check before the upload counts what the import counts', () => {
  test.each(['valid.json', 'invalid.json', 'every-reason.jsonl', 'mixed-50000.jsonl.gz'])('examples/%s', async (name) => {
    const file = readFileSync(`examples/${name}`)
    const bytes = name.endsWith('.gz') ? gunzipSync(file) : file
    await expectSame(bytes, 65_536, 700)
  })

  // prettier-ignore
  test.each([
    [ 'rows',                         'Identity,Timestamp,Event\n\na,1393344604,"e\nf"\na,never,e\na,b\n,,\nb,1393344604,é' ],
    [ 'a byte order mark and CR LF',  '\ufeffIdentity,Timestamp,Event\r\na,1393344604,e\r\n' ],
    [ 'a row that is too long',       `Identity,Timestamp,Event\na,1393344604,"${'x\n'.repeat(140_000)}"\nb,1393344604,e\n` ],
    [ 'an alias without a time',      'Identity,Alias\na,b\n' ],
    [ 'a fault in its first row',     'Identity,Event\na,e\n' ],
    [ 'a quote that is never closed', 'Identity,Timestamp,Event\na,1393344604,"e\n' ],
    [ 'other names',                  'email,event\na,b\n' ],
  ])('a CSV file with %s', async (_what, csv) => {
    await expectSame(Buffer.from(csv), 65_536, 512, 700)
  })

  const GOOD = '{"_p":"a","_t":1393344604,"_n":"x"}'
  const long = fc.constantFrom(Buffer.alloc(262_145, 'a'), Buffer.from(`{"_p":"${'b'.repeat(262_145)}"}`))
  const short = fc.constantFrom(
    Buffer.from(GOOD),
    Buffer.from('{"_p":"a","_n":"x"}'),
    Buffer.from('[1]'),
    Buffer.from('not JSON'),
    Buffer.from(' \t'),
    Buffer.from('\r'),
    Buffer.from('\ufeff'),
    Buffer.from([0x7b, 0xff, 0xfe]),
    Buffer.from('\n'),
    Buffer.from('\n'),
    Buffer.from('\r\n'),
    Buffer.from('é'),
  )
  const piece = fc.oneof({ weight: 30, arbitrary: short }, { weight: 1, arbitrary: long })

  test('for any content, read in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 25 }), fc.integer({ min: 512, max: 5_000 }), async (pieces, pieceBytes) => {
        await expectSame(Buffer.concat([...pieces]), pieceBytes)
      }),
      { numRuns: 150 },
    )
  })
})
