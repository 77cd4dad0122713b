import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { SAFETY_SCHEMA } from '../../../lambda/jobs/safety.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import { reportKey, safetyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { BAD_LINE, FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'
import { BAD, cloudWith, GOOD, run, runQueued, safetyOf } from './checked-files.ts'

describe('a held file', () => {
  test('that is released is imported as usual', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    expect(await decideHeldFile(FILE, 'released', cloud.ports)).toMatchObject({ kind: 'decided' })
    expect(cloud.report).toMatchObject({ state: 'importing' })
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 6, delivered: 6 } })
  })

  test('that is discarded sends nothing, and its report is final', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    expect(await decideHeldFile(FILE, 'discarded', cloud.ports)).toMatchObject({ kind: 'decided' })
    await run(cloud)
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'discarded', lines: { total: 0 }, hold: { rules: [{ rule: 'merged_people' }] } })
  })

  test('that is discarded stays so if its report could not be written', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    cloud.failing.add('reports.replace')
    await expect(decideHeldFile(FILE, 'discarded', cloud.ports)).rejects.toThrow('reports.replace failed')
    cloud.failing.clear()
    await run(cloud)
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'discarded' })
  })

  test('that is released says in its report that its import goes on, before it is queued: a lost message is found', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    cloud.failing.add('importQueue.send')
    await expect(decideHeldFile(FILE, 'released', cloud.ports)).rejects.toThrow('importQueue.send failed')
    expect(cloud.report).toMatchObject({ state: 'importing', lines: { total: 6, delivered: 0 } })
    expect(cloud.report?.hold).toBeUndefined()
  })

  test('that is released has a message that says so, and an event', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    expect(cloud.queued).toMatchObject([{ task: { file: FILE, released: true }, delaySeconds: 0 }])
    expect(cloud.codes).toEqual(['file_held', 'file_released'])
  })

  test('that is decided keeps what the survey has found, and when', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    const held = safetyOf(cloud)!
    await cloud.clock.sleep(60_000)
    await decideHeldFile(FILE, 'discarded', cloud.ports)
    const { decidedAt, ...decided } = safetyOf(cloud)!
    expect({ ...decided, decidedAt: held.decidedAt }).toEqual({ ...held, decision: 'discarded' })
    expect(Date.parse(decidedAt) - Date.parse(held.decidedAt)).toBeGreaterThanOrEqual(60_000)
  })
})

// prettier-ignore
test.each([
  //  a file with one mistake on many lines that is   says which lines share a dead letter
  [ 'released',                                       ['missing_timestamp'] ],
  [ 'discarded',                                      undefined ],
] as const)('a file with one mistake on many lines that is %s', async (decision, grouped) => {
  const lines = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? BAD_LINE : goodLine(n)))
  const cloud = cloudWith(lines, { limits: { hold: { ...HOLD_NOTHING, sameReasonLines: 20 } } })
  await run(cloud)
  await decideHeldFile(FILE, decision, cloud.ports)
  expect(safetyOf(cloud)?.grouped).toEqual(grouped)
})

describe('a person decides', () => {
  // prettier-ignore
  test.each([
    //  first        then         result
    [ 'released',  'released',  'decided-before' ],
    [ 'discarded', 'discarded', 'decided-before' ],
    [ 'released',  'discarded', 'too-late' ],
    [ 'discarded', 'released',  'too-late' ],
  ] as const)('%s, then %s: %s', async (first, then, kind) => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    await decideHeldFile(FILE, first, cloud.ports)
    expect(await decideHeldFile(FILE, then, cloud.ports)).toMatchObject({ kind })
    expect(safetyOf(cloud)?.decision).toBe(first)
  })

  test.each(['passed', undefined])('nothing about a file that is %s', async (decision) => {
    const cloud = cloudWith(decision === undefined ? BAD : GOOD)
    if (decision !== undefined) await run(cloud)
    expect(await decideHeldFile(FILE, 'released', cloud.ports)).toEqual({ kind: 'not-held' })
    expect(cloud.queued).toEqual([])
  })

  test('again if the first attempt was interrupted before the file was queued', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    cloud.failing.add('importQueue.send')
    await expect(decideHeldFile(FILE, 'released', cloud.ports)).rejects.toThrow('importQueue.send failed')
    cloud.failing.clear()
    await decideHeldFile(FILE, 'released', cloud.ports)
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 6 } })
  })

  test('exactly one of two who decide at the same time', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    const results = await Promise.all([
      decideHeldFile(FILE, 'released', cloud.ports),
      decideHeldFile(FILE, 'discarded', cloud.ports),
    ])
    expect(results.map(({ kind }) => kind).toSorted()).toEqual(['decided', 'too-late'])
  })

  test('nothing more once the import of a released file has ended: it is not queued again', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    await runQueued(cloud)
    expect(await decideHeldFile(FILE, 'released', cloud.ports)).toMatchObject({ kind: 'decided-before' })
    expect(cloud.queued).toEqual([])
    expect(cloud.report?.state).toBe('complete')
  })

  test('only about the version that is named', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    expect(await decideHeldFile({ ...FILE, versionId: 'v2' }, 'released', cloud.ports)).toEqual({ kind: 'not-held' })
    expect(safetyOf(cloud)?.decision).toBe('held')
  })

  test('nothing about a decision that only a newer version can read', async () => {
    const cloud = new MemoryCloud()
    const newer = { schema: SAFETY_SCHEMA.replace('v1', 'v2'), decision: 'held' }
    cloud.write(safetyKey(FILE), newer)
    await expect(decideHeldFile(FILE, 'discarded', cloud.ports)).rejects.toThrow(NewerVersionError)
    expect(cloud.read(safetyKey(FILE))).toEqual(newer)
    expect(cloud.read(reportKey(FILE))).toBeUndefined()
  })

  test('again after S3 has refused the write although nobody else has written, but not forever', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    const put = cloud.ports.checkpoints.put.bind(cloud.ports.checkpoints)
    let refusals = 3
    const checkpoints = {
      ...cloud.ports.checkpoints,
      put: (...args: Parameters<typeof put>) => ((refusals -= 1) >= 0 ? Promise.resolve(undefined) : put(...args)),
    }
    expect(await decideHeldFile(FILE, 'released', { ...cloud.ports, checkpoints })).toMatchObject({ kind: 'decided' })
    const other = cloudWith(BAD)
    await run(other)
    const refusing = { ...other.ports.checkpoints, put: () => Promise.resolve(undefined) }
    await expect(decideHeldFile(FILE, 'released', { ...other.ports, checkpoints: refusing })).rejects.toThrow(
      'The decision about incoming/a.json is written by another process again and again.',
    )
  })
})
