import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { WatchedFolder } from '../../cli/local/watched-folder.ts'
import { startKissmetricsEmulator } from '../../emulators/kissmetrics/server.ts'
import { s3Listing } from '../../lambda/adapters/s3-objects.ts'
import { reportKey } from '../../lambda/keys.ts'
import { parsePlaces } from '../../lambda/settings/places.ts'
import type { Report } from '../../lambda/report/report.ts'
import { eventually, Installation } from '../support/installation.ts'

/** KM_APPENDS sets another number, for a long run by hand. */
const APPENDS = Number(process.env.KM_APPENDS ?? 30)
/** In local mode a file has to be quiet for 3 s. */
const QUIET_MS = 40

const lineOf = (number: number): string => `${JSON.stringify({ _p: `p${number}`, _n: 'Appended', _t: 1_700_000_000 + number })}\n`

test('a file that grows line by line is sent line by line, each line once', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-growing-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(folder, { recursive: true }))
  const kissmetrics = await startKissmetricsEmulator({ dir: path.join(folder, 'kissmetrics') })
  cleanup.defer(() => kissmetrics.stop())
  const installation = cleanup.use(await Installation.start(kissmetrics.url))
  const { s3 } = installation.cloud
  const problems: string[] = []
  const watched = new WatchedFolder(s3, {
    folder: path.join(folder, 'drop'),
    bucket: BUCKET,
    prefix: 'incoming/',
    quietMs: QUIET_MS,
    onSkipped: (name) => problems.push(name),
    onProblem: (name, problem) => problems.push(`${name} ${problem}`),
    onNote: () => undefined,
    onError: (error) => problems.push(String(error)),
    checkRoom: () => Promise.resolve(),
  })
  cleanup.defer(() => watched.stop())
  const requests = async (): Promise<number> => {
    const summary = (await (await fetch(`${kissmetrics.url}/summary`)).json()) as { readonly requests: number }
    return summary.requests
  }

  await mkdir(path.join(folder, 'drop'))
  watched.start()
  for (let number = 1; number <= APPENDS; number += 1) {
    await appendFile(path.join(folder, 'drop', 'growing.jsonl'), lineOf(number))
    await eventually(`request ${number}`, async () => ((await requests()) >= number ? true : undefined))
  }
  await installation.idle()

  expect(problems).toEqual([])
  expect(await requests()).toBe(APPENDS)
  const reports: (Report | undefined)[] = []
  for await (const page of s3Listing(s3, parsePlaces(undefined, BUCKET), BUCKET).pages())
    for (const { file } of page) reports.push(await installation.findReport(reportKey(file)))
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + (report ? of(report) : 0), 0)
  expect(sum(({ lines }) => lines.delivered)).toBe(APPENDS)
  expect(sum(({ repeatsPossible }) => repeatsPossible)).toBe(0)
})
