import { expect, test } from '@jest/globals'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { search, type SearchOptions } from '../../../lambda/jobs/reconcile.ts'
import type { Report, ReportState } from '../../../lambda/report/report.ts'
import type { ListedFile } from '../../../lambda/ports.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const HOUR_MS = 3_600_000

function listed(name: string, { ageHours = 5, isLatest = true } = {}): ListedFile {
  const file: SourceFile = { bucket: 'b', key: `incoming/${name}`, versionId: 'v', bytes: 1 }
  return { file, lastModified: new Date(NOW - ageHours * HOUR_MS), isLatest }
}

/** Searches listed files. @param reports their states, and how many hours ago they were written @returns the names of the queued files */
async function queued(
  files: readonly ListedFile[],
  reports: Readonly<Record<string, readonly [ReportState, number]>> = {},
  options: Partial<SearchOptions> = {},
): Promise<readonly string[]> {
  const sent: string[] = []
  const byKey = new Map(
    Object.entries(reports).map(([name, [state, hours]]) => [
      reportKey(listed(name).file),
      { report: { state } as Report, tag: 't', writtenAt: new Date(NOW - hours * HOUR_MS) },
    ]),
  )
  async function* pages() {
    for (const file of files) yield await Promise.resolve([file])
  }
  await search(
    pages(),
    {
      reports: {
        find: (_bucket, key) => Promise.resolve(byKey.get(key)),
        put: () => Promise.reject(new Error('a search must not write reports')),
        replace: () => Promise.reject(new Error('a search must not write reports')),
      },
      importQueue: {
        send: (body) => {
          for (const work of readMessage(body)) if (work.kind === 'task') sent.push(work.task.file.key.replace('incoming/', ''))
          return Promise.resolve()
        },
      },
      clock: { now: () => NOW, chance: () => 0, sleep: () => Promise.resolve() },
    },
    { staleMs: 24 * HOUR_MS, ...options },
  )
  return sent
}

// prettier-ignore
test.each<[string, Parameters<typeof queued>, readonly string[]]>([
  //  found                                            files, reports, options                                                             queued
  [ 'nothing',                                         [[]],                                                                               [] ],
  [ 'a file without a report',                         [[listed('a.json')]],                                                               ['a.json'] ],
  [ 'files whose imports have ended',                  [['c', 'r', 'f', 'g', 's'].map((name) => listed(`${name}.json`)), { 'c.json': ['complete', 50], 'r.json': ['complete-with-rejects', 50], 'f.json': ['failed', 50], 'g.json': ['gone', 50], 's.json': ['superseded', 50] }], [] ],
  [ 'a file that is being imported',                   [[listed('a.json')], { 'a.json': ['importing', 1] }],                               [] ],
  [ 'a file whose report is a day old and unfinished', [[listed('a.json')], { 'a.json': ['importing', 25] }],                              ['a.json'] ],
  [ 'objects that are not import files by name',       [[listed('a.txt'), listed('b.JSON'), listed('dir/')]],                              [] ],
  [ 'a file that is too young',                        [[listed('a.json', { ageHours: 0.2 })], {}, { minAgeMs: HOUR_MS }],                 [] ],
  [ 'a file that is too old',                          [[listed('a.json', { ageHours: 50 })], {}, { maxAgeMs: 49 * HOUR_MS }],             [] ],
  [ 'a version that was replaced',                     [[listed('a.json', { isLatest: false })], {}, { onlyLatest: true }],                [] ],
  [ 'the same, if every version counts',               [[listed('a.json', { isLatest: false })]],                                          ['a.json'] ],
  [ 'a file, in a dry run',                            [[listed('a.json')], {}, { isDryRun: true }],                                       [] ],
  [ 'a file, when there is no more time',              [[listed('a.json')], {}, { ending: AbortSignal.abort() }],                          [] ],
])('%s', async (_what, args, expected) => {
  expect(await queued(...args)).toEqual(expected)
})
