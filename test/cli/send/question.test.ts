import { describe, expect, test } from '@jest/globals'
import { continuationText, questionOf } from '../../../cli/send/question.ts'
import type { Pending } from '../../../cli/send/pending.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'

/** A file of which an earlier send has done a part. */
function begun(
  name: string,
  lines: Partial<Record<'delivered' | 'rejected' | 'undeliverable' | 'blank', number>>,
  watermarkLine = 1_200,
): Pending {
  const counts = { ...emptyCounts(), lines: { delivered: 0, rejected: 0, undeliverable: 0, blank: 0, ...lines } }
  return { file: { name, path: `/${name}` }, state: { watermarkLine, checkpoint: { counts } } } as unknown as Pending
}

const untouched = { file: { name: 'b.jsonl', path: '/b.jsonl' }, state: {} } as unknown as Pending

describe('the question before a send is about what is left', () => {
  // prettier-ignore
  test.each<[string, number, readonly Pending[], boolean, string]>([
    // what                        valid   files                                                          held    question
    [ 'nothing is sent yet',       500,    [untouched],                                                   false,  'Send 500 lines to example.com?' ],
    [ 'the safety check holds it', 1,      [untouched],                                                   true,   'Send 1 line to example.com anyway?' ],
    [ 'a part is sent',            5_000,  [begun('a', { delivered: 1_100, undeliverable: 2, rejected: 9 })], false, 'Send the 3,898 valid lines that are left to example.com?' ],
    [ 'a part of one of two',      5_000,  [begun('a', { delivered: 4_999 }), untouched],                 false,  'Send the 1 valid line that is left to example.com?' ],
    [ 'only rejected lines so far', 500,   [begun('a', { rejected: 20 })],                                false,  'Send 500 lines to example.com?' ],
  ])('%s', (_, valid, pending, isHeld, question) => {
    const lines = { total: 0, valid, rejected: 0, blank: 0 }
    expect(questionOf({ lines }, 'example.com', pending, isHeld)).toBe(`${question} Imported data cannot be deleted.`)
  })
})

describe('what an earlier send has done', () => {
  const files = [{ name: '/a.jsonl', lines: 5_000 }]
  test('is counted', () => {
    expect(continuationText(begun('a.jsonl', { delivered: 1_100, rejected: 9, undeliverable: 2, blank: 100 }), { files })).toBe(
      'a.jsonl continues after line 1,200, where an earlier send was interrupted: 1,100 delivered, 11 rejected, 3,789 left, blank and invalid ones included.',
    )
  })

  test('is counted, also if its first line was not done', () => {
    expect(continuationText(begun('a.jsonl', {}, 0), { files })).toBe(
      'a.jsonl continues an earlier send that was interrupted before its first line was done: 0 delivered, 0 rejected, 5,000 left, blank and invalid ones included.',
    )
  })

  test('is nothing', () => {
    expect(continuationText(untouched, { files })).toBeUndefined()
  })
})
