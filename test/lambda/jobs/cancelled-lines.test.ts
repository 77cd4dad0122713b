import { expect, test } from '@jest/globals'
import { cancelledLines, type CancelledPart } from '../../../lambda/jobs/cancelled-lines.ts'

/** A part whose checkpoint has this watermark, these ranges beyond it, and these newest lines. */
function part(firstLine: number, lastLine: number, line: number, rest: Partial<CancelledPart['checkpoint']> = {}): CancelledPart {
  return { firstLine, lastLine, checkpoint: { watermark: { line, byte: 0 }, ended: [], newest: line, ...rest } }
}

// prettier-ignore
test.each([
  //  the import                           parts                                                              settled               perhaps sent
  [ 'has not begun',                       [{ firstLine: 1, lastLine: Infinity, checkpoint: undefined }],     [],                   [] ],
  [ 'has settled nothing',                 [part(1, Infinity, 0)],                                            [],                   [] ],
  [ 'has settled the first lines',         [part(1, Infinity, 5)],                                            [[1, 5]],             [] ],
  [ 'had lines in flight',                 [part(1, Infinity, 5, { newest: 7 })],                             [[1, 5]],             [[6, 7]] ],
  [ 'was held up by one line',             [part(1, Infinity, 5, { ended: [[7, 9]], newest: 9 })],            [[1, 5], [7, 9]],     [[6, 6]] ],
  [ 'was killed before',                   [part(1, Infinity, 5, { newest: 5, farthest: 20 })],               [[1, 5]],             [[6, 20]] ],
  [ 'was killed near the end of a segment',[part(11, 15, 12, { farthest: 40 })],                              [[11, 12]],           [[13, 15]] ],
  [ 'was split, and both parts are done',  [part(1, 10, 10), part(11, 20, 20)],                               [[1, 20]],            [] ],
  [ 'was split, and one part has begun',   [part(1, 10, 4), part(11, 20, 12), { firstLine: 21, lastLine: 30, checkpoint: undefined }], [[1, 4], [11, 12]], [] ],
] as const)('an import that %s', (_what, parts, settled, unsure) => {
  expect(cancelledLines(parts)).toEqual({ settled, unsure })
})
