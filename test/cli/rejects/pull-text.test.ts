import { describe, expect, test } from '@jest/globals'
import { pullText, type PullCounts } from '../../../cli/rejects/pull-text.ts'
import type { GroupCounts } from '../../../cli/rejects/pulled-groups.ts'

const NOTHING: PullCounts = {
  queued: 0,
  archived: 0,
  failedImports: 0,
  newer: 0,
  unknown: 0,
  leftOut: 0,
  inUse: 0,
  isComplete: true,
  groups: { groups: 0, lines: 0, sentBefore: 0, unread: [] },
}
const STDOUT = { output: undefined, isCsv: false, deploymentOptions: '' }

describe('after a pull, the user reads what was written, what was not, and the next command', () => {
  // prettier-ignore
  test.each<[string, Partial<PullCounts>, string]>([
    [ 'nothing',                    {},                            '0 dead letters written.' ],
    [ 'one from the queue',         { queued: 1 },                 '1 dead letter written. It stays in the queue until you replay it.' ],
    [ 'several from the queue',     { queued: 3 },                 '3 dead letters written. They stay in the queue until you replay them.' ],
    [ 'only archived ones',         { archived: 2 },               '2 dead letters written. They stay archived until you replay them.' ],
    [ 'both',                       { queued: 1, archived: 1 },    '2 dead letters written. They stay where they are, in the queue or archived, until you replay them.' ],
    [ 'a failed import',            { failedImports: 1 },          '0 dead letters written.\n1 more message is a failed import, not a line. To try again, run: npx km-import rejects replay --all-valid' ],
    [ 'one of a newer version',     { newer: 1 },                  '0 dead letters written.\n1 more dead letter was written by a newer version of the importer. Use that version of km-import, or a later one, to read it.' ],
    [ 'unknown messages',           { unknown: 2 },                '0 dead letters written.\n2 more messages are not from this importer. To move them to the bucket, run: npx km-import rejects archive --reason unknown_message' ],
    [ 'left out',                   { leftOut: 2 },                '0 dead letters written.\n2 more dead letters are archived or quarantined. To include them, add --archived.' ],
    [ 'a part that others hold',    { inUse: 2, isComplete: false }, '0 dead letters written.\n2 more are in use; they reappear within 5 minutes. Pull again then.' ],
    [ 'more than one run can read', { isComplete: false },         '0 dead letters written.\nThere are more: one run reads at most 100,000 dead letters. Replay these, then pull again.' ],
  ])('%s', (_what, counts, text) => {
    expect(pullText({ ...NOTHING, ...counts }, STDOUT)).toBe(`${text}\n`)
  })

  test('the command for the written file can be pasted', () => {
    const context = { output: 'may 2024.jsonl', isCsv: false, deploymentOptions: ' --stack Prod' }
    expect(pullText({ ...NOTHING, queued: 1 }, context)).toContain(
      "Then run: npx km-import rejects replay 'may 2024.jsonl' --stack Prod\n",
    )
    expect(pullText({ ...NOTHING, queued: 1 }, { ...context, isCsv: true })).not.toContain("replay 'may")
  })
})

describe('of dead letters that many lines share, the user reads how many lines have a row, and what to do about the others', () => {
  const read = { groups: 1, lines: 12_000, sentBefore: 0, unread: [] }
  const unread = { key: 'incoming/a.json', reason: 'invalid_json', lines: 3, why: 'superseded' } as const
  // prettier-ignore
  test.each<[string, GroupCounts, string]>([
    [ 'all read',        read,                                           'One dead letter is about many lines with the same mistake: 12,000 lines were read from its file, and each has a row.' ],
    [ 'of two files',    { ...read, groups: 2 },                         '2 dead letters are about many lines with the same mistake: 12,000 lines were read from their files, and each has a row.' ],
    [ 'sent before',     { ...read, sentBefore: 1 },                     '1 more line has no row: a replay has sent it, or is sending it.' ],
    [ 'replaced',        { ...read, lines: 0, unread: [unread] },        '3 lines of incoming/a.json (invalid_json) cannot be read: the file was replaced by another one. The row of the dead letter has examples: find them at the source and import them as a new file. To close them here, run: npx km-import rejects discard --reason invalid_json --key incoming/a.json --stack Prod' ],
    [ 'damaged',         { ...read, unread: [{ ...unread, why: 'damaged' }] }, 'cannot be read: the file does not have them, or only its beginning can be read. The row' ],
    [ 'archived by S3',  { ...read, unread: [{ ...unread, why: 'locked' }] },  'cannot be read: the file was moved to an archive of S3. Restore it, then pull again. If that is not possible, find them' ],
  ])('%s', (_what, groups, text) => {
    expect(pullText({ ...NOTHING, groups }, { ...STDOUT, deploymentOptions: ' --stack Prod' })).toContain(text)
  })
})
