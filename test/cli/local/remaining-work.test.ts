import { expect, test } from '@jest/globals'
import { findRemainingWork } from '../../../cli/local/remaining-work.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { ReportState } from '../../../lambda/report/report.ts'

function fileOf(name: string) {
  return { bucket: 'b', key: `incoming/${name}`, versionId: 'v' }
}

// prettier-ignore
test.each<[string, readonly string[], Readonly<Record<string, ReportState>>, readonly string[], readonly string[], number]>([
  //  in the bucket and its reports                  files                 reports                                      unfinished, held, with rejects
  [ 'nothing',                                       [],                   {},                                          [], [], 0 ],
  [ 'a file that was delivered',                     ['a.json'],           { 'a.json': 'complete' },                    [], [], 0 ],
  [ 'a file without a report',                       ['a.json'],           {},                                          ['a.json'], [], 0 ],
  [ 'a file whose import has not ended',             ['a.json', 'b.json'], { 'a.json': 'importing', 'b.json': 'complete' }, ['a.json'], [], 0 ],
  [ 'an object that was skipped',                    ['a.csv'],            { 'a.csv': 'skipped' },                      [], [], 0 ],
  [ 'a file that waits for a person',                ['a.json', 'b.json'], { 'a.json': 'held', 'b.json': 'discarded' },  [], ['a.json'],  0 ],
  [ 'files with rejected lines',                     ['a.json', 'b.json'], { 'a.json': 'complete-with-rejects', 'b.json': 'failed' }, [], [], 2 ],
  [ 'files that were deleted before they were read', [],                   { 'a.json': 'gone', 'b.json': 'superseded' }, [], [], 2 ],
])('%s', async (_what, files, reports, unfinished, held, withRejects) => {
  async function* pages() {
    yield await Promise.resolve(files.map((name) => ({ file: fileOf(name), lastModified: new Date(0), isLatest: true })))
  }
  const states = new Map(Object.entries(reports).map(([name, state]) => [reportKey(fileOf(name)), state]))
  expect(await findRemainingWork(pages(), states)).toEqual({
    unfinished: unfinished.map(fileOf),
    held: held.map(fileOf),
    withRejects,
  })
})
