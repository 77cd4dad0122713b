import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { OutOfTime } from '../../../lambda/errors.ts'
import { surveyLines } from '../../../lambda/jobs/survey-lines.ts'
import type { OpenFile } from '../../../lambda/ports.ts'
import { BAD_LINE, FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'

const CONTEXT = { maxLineBytes: 1_024, rules: [], isAdmitted: false, ending: new AbortController().signal }
const START = { line: 0, byte: 0 }

/** The open file with this content. */
async function opened(content: string | Buffer): Promise<OpenFile> {
  const cloud = new MemoryCloud()
  cloud.object = Buffer.from(content)
  const open = await cloud.ports.files.open(FILE)
  if (open.kind !== 'open') throw new Error(open.kind)
  return open
}

const survey = async (content: string | Buffer, context: Partial<typeof CONTEXT> = {}, start = START) =>
  surveyLines(await opened(content), start, { ...CONTEXT, ...context })

const LINES = `${goodLine(1)}\n\n${BAD_LINE}\n${goodLine(2)}\n`

describe('a survey', () => {
  test.each([
    ['a plain file', LINES],
    ['a file without a last newline', LINES.trimEnd()],
    ['a compressed file', gzipSync(LINES)],
  ])('counts the lines of %s as the import does', async (_what, content) => {
    expect(await survey(content)).toMatchObject({
      lines: { valid: 2, rejected: 1, blank: 1 },
      rejections: [{ reason: 'missing_timestamp', lines: 1, first: 3 }],
    })
  })

  test('of a segment counts its lines from the start of the file', async () => {
    const part = await survey(LINES, { isAdmitted: true }, { line: 100, byte: 5_000 })
    expect(part.rejections).toMatchObject([{ first: 103 }])
  })

  test('is about what the import rules make of the lines', async () => {
    const { lines } = await survey('{"email":"a","_t":1393344604,"_n":"e"}\n', { rules: [{ fix: 'rename:email=_p' }] as never })
    expect(lines).toEqual({ valid: 1, rejected: 0, blank: 0 })
  })
})

describe('a file that is rejected as a whole', () => {
  test('says why, and none of its lines counts as valid', async () => {
    expect(await survey('<html>\n</html>\n')).toMatchObject({ refused: expect.any(String), lines: { valid: 0 } })
  })

  test('is not recognized in a segment: its file was admitted when it was split', async () => {
    const part = await survey('<html>\n', { isAdmitted: true }, { line: 9, byte: 90 })
    expect(part).toMatchObject({ lines: { valid: 0, rejected: 1 } })
    expect(part.refused).toBeUndefined()
  })

  test('from a point on counts the lines before it', async () => {
    const packed = gzipSync(Array.from({ length: 3_000 }, (_, n) => goodLine(n)).join('\n'))
    const part = await survey(packed.subarray(0, packed.length - 200))
    expect(part.refused).toBeDefined()
    expect(part.lines.valid).toBeGreaterThan(0)
  })
})

describe('the body is closed', () => {
  test('at the end', async () => {
    const open = await opened(LINES)
    await surveyLines(open, START, CONTEXT)
    expect(open.body.destroyed).toBe(true)
  })

  test('when the time is over, and the survey is not taken for a complete one', async () => {
    const open = await opened(LINES)
    const ending = new AbortController()
    const surveying = surveyLines(open, START, { ...CONTEXT, ending: ending.signal })
    ending.abort(new OutOfTime())
    await expect(surveying).rejects.toThrow(OutOfTime)
    expect(open.body.destroyed).toBe(true)
  })

  test('when S3 fails', async () => {
    const open = await opened(LINES)
    open.body.destroy(new Error('S3 is down'))
    await expect(surveyLines(open, START, CONTEXT)).rejects.toThrow('S3 is down')
  })
})
