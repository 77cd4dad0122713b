import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { digestBlock, rulesWith, type LineOptions } from '../../../../cli/preview/digest/digest-block.ts'
import { Digester, type Digest } from '../../../../cli/preview/digest/digest.ts'
import { classifyLine } from '../../../../lambda/parse/classify-line.ts'
import { openLines } from '../../../../lambda/read/lines.ts'

const RULES = { latestTime: 2_000_000_000 }
const GOOD = '{"_p":"é","_t":1393344604,"_n":"x","city":"漢"}'

const piece = fc.constantFrom(
  ...[GOOD, '{"_p":"a","_n":"x"}', 'no JSON', ' ', '\t', '\r', '\n', '\n', '\r\n', '\ufeff', '\u2028', '\0', '😀'].map((text) =>
    Buffer.from(text),
  ),
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from(`${GOOD}\n`.repeat(400)),
  Buffer.from(`{"_p":"${'b'.repeat(3_000)}","_t":1393344604,"_n":"x"}`),
  Buffer.from(`"${'c'.repeat(20_000)}"`),
)

/** The importer's own reader, line by line. */
async function digestOf(bytes: Buffer, { rules, maxLineBytes }: LineOptions): Promise<Digest> {
  const digester = new Digester()
  const { batches } = await openLines(Readable.from([bytes]), { maxLineBytes, byteStart: 1 })
  for await (const batch of batches) for (const line of batch) digester.add(classifyLine(line, rules))
  return digester.take()
}

test('any block is digested as the importer reads it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.constantFrom(1_024, 4_096, 262_144), async (pieces, maxLineBytes) => {
      const bytes = Buffer.concat([...pieces])
      const block = { ...RULES, importRules: [{ fix: 'ms-timestamps' }], maxLineBytes, bytes: new Uint8Array(bytes) }
      const rules = rulesWith(RULES, { rules: block.importRules })
      expect(await digestBlock(block, new Digester())).toEqual(await digestOf(bytes, { rules, maxLineBytes }))
    }),
    { numRuns: 300 },
  )
})
