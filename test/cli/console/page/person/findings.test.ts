import { describe, expect, test } from '@jest/globals'
import { answerText, countsText, unknownTexts, type Finding } from '../../../../../cli/console/page/person/findings.ts'
import type { LineState, PersonResult } from '../../../../../cli/console/person/person-result.ts'

interface Given {
  readonly counts?: Partial<Record<LineState, number>>
  readonly source?: PersonResult['source']
  readonly missing?: string
  readonly error?: string
  readonly repeats?: number
  readonly key?: string
}

function findingOf({ counts = {}, source = 'file', missing, error, repeats = 0, key = 'incoming/a.jsonl' }: Given): Finding {
  // Only these fields are read.
  const report = { file: { key }, lines: { delivered: 7 }, repeatsPossible: repeats }
  const summary = { id: 'a', report } as unknown as Finding['summary']
  if (error !== undefined) return { summary, error }
  const lines = (Object.keys(counts) as LineState[]).map((state, index) => ({ line: index + 1, state }))
  return { summary, result: { source, searched: 9, counts, lines, ...(missing !== undefined && { missing }) } }
}

// prettier-ignore
test.each<[counts: readonly Given['counts'][], files: number, answer: string]>([
  [ [{ delivered: 1 }],                    1, 'Yes: 1 line about this person was delivered.' ],
  [ [{ delivered: 1 }, { fixed: 2 }],      2, 'Yes: 3 lines about this person were delivered.' ],
  [ [{ delivered: 1, rejected: 5 }],       1, 'Yes: 1 line about this person was delivered.' ],
  [ [{ unsure: 1, waiting: 1 }],           1, 'Perhaps: lines about this person may have been sent.' ],
  [ [{ waiting: 1, rejected: 1 }],         1, 'Not yet: lines about this person wait to be sent.' ],
  [ [{ rejected: 1 }],                     1, 'No: there are lines about this person, and none of them was delivered.' ],
  [ [{ 'left-out': 1 }],                   1, 'No: there are lines about this person, and none of them was delivered.' ],
  [ [{}],                                  1, 'No line about this person is in this file.' ],
  [ [{}, {}],                              2, 'No line about this person is in these 2 files.' ],
  [ [{}],                                  3, 'Nothing found in the 1 file searched so far.' ],
])('%j in %d files', (counts, files, answer) => {
  expect(answerText(counts.map((each) => findingOf(each === undefined ? {} : { counts: each })), files)).toBe(answer)
})

test('a fixed line and the line of the replay that has delivered it are one', () => {
  const original = findingOf({ counts: { fixed: 1 } })
  const replay = findingOf({ counts: { delivered: 1 }, key: 'incoming/replays/1.jsonl' })
  expect(answerText([replay, original], 2)).toBe('Yes: 1 line about this person was delivered.')
})

test('the counts of a file, what was delivered first', () => {
  expect(countsText({ rejected: 2, delivered: 1_200 })).toBe('1,200 lines delivered; 2 lines rejected, still open')
})

describe('what the search cannot know', () => {
  const ALWAYS = 'A person can have other identities, and what other programs sent is not searched.'

  // prettier-ignore
  test.each<[what: string, findings: readonly Given[], unlisted: number, texts: readonly string[]]>([
    [ 'nothing else',        [{ counts: { delivered: 1 } }],                 0, [] ],
    [ 'a file that is gone', [{ source: 'dead-letters' }],                   0, ['1 file is no longer in the bucket as imported. Only rejected lines that wait here were searched; of 7 delivered lines it is not known whom they are about.'] ],
    [ 'a broken file',       [{ missing: 'the archive is damaged' }],        0, ['incoming/a.jsonl: the archive is damaged'] ],
    [ 'an error',            [{ error: 'Access denied' }],                   0, ['incoming/a.jsonl: Access denied'] ],
    [ 'older imports',       [{}],                                           3, ['3 older imports were not searched.'] ],
    [ 'repeats',             [{ counts: { delivered: 1 }, repeats: 5 }],     0, ['Interruptions may have sent up to 5 lines of the files with this person twice. A repeat counts once.'] ],
    [ 'repeats elsewhere',   [{ repeats: 5 }],                               0, [] ],
  ])('%s', (_, findings, unlisted, texts) => {
    expect(unknownTexts(findings.map(findingOf), unlisted)).toEqual([...texts, ALWAYS])
  })
})
