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

/** What is queued of the listed drops. @param reports states, with how many hours ago they were written */
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
        put: () => Promise.reject(new Error('a search writes no report')),
        replace: () => Promise.reject(new Error('a search writes no report')),
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
  //  what lies there                                  drops, reports, options                                                             what is queued
  [ 'nothing',                                         [[]],                                                                               [] ],
  [ 'a drop without a report',                         [[listed('a.json')]],                                                               ['a.json'] ],
  [ 'drops that ended, each in its way',               [['c', 'r', 'f', 'g', 's'].map((name) => listed(`${name}.json`)), { 'c.json': ['complete', 50], 'r.json': ['complete-with-rejects', 50], 'f.json': ['failed', 50], 'g.json': ['gone', 50], 's.json': ['superseded', 50] }], [] ],
  [ 'one that is being imported',                      [[listed('a.json')], { 'a.json': ['importing', 1] }],                               [] ],
  [ 'one whose import was last heard of a day ago',    [[listed('a.json')], { 'a.json': ['importing', 25] }],                              ['a.json'] ],
  [ 'what is no drop by its name',                     [[listed('a.txt'), listed('b.JSON'), listed('dir/')]],                              [] ],
  [ 'one that is too young',                           [[listed('a.json', { ageHours: 0.2 })], {}, { minAgeMs: HOUR_MS }],                 [] ],
  [ 'one that is too old',                             [[listed('a.json', { ageHours: 50 })], {}, { maxAgeMs: 49 * HOUR_MS }],             [] ],
  [ 'a version that was replaced',                     [[listed('a.json', { isLatest: false })], {}, { onlyLatest: true }],                [] ],
  [ 'the same, where every version is a drop',         [[listed('a.json', { isLatest: false })]],                                          ['a.json'] ],
  [ 'a drop, and the search is only to count',         [[listed('a.json')], {}, { isDryRun: true }],                                       [] ],
  [ 'a drop, and there is no more time',               [[listed('a.json')], {}, { ending: AbortSignal.abort() }],                          [] ],
])('%s', async (_what, args, expected) => {
  expect(await queued(...args)).toEqual(expected)
})
