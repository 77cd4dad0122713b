import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { keepSurvey, learnFrom, readProfile, surveyOf, whileLearning } from '../../../lambda/jobs/profiles.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import { unreadFile } from '../../../lambda/jobs/unread-file.ts'
import { profileKey, surveyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { PROFILE_SCHEMA, type Profile } from '../../../lambda/survey/profile.ts'
import { SURVEY_SCHEMA, type SurveyPart } from '../../../lambda/survey/part.ts'
import { ACCEPTED, DOWN, FILE, goodLine, type MemoryCloud } from '../../support/memory-cloud.ts'
import { aliases, cloudWith, run, runQueued } from './checked-files.ts'

const KEY = profileKey('incoming/a')

describe('the profile of a prefix', () => {
  const HUNDRED = Array.from({ length: 100 }, (_, n) => goodLine(n))
  const profileOf = (cloud: MemoryCloud) => cloud.read(KEY) as Profile | undefined

  test('is updated when a file is imported, and not by a file that was held', async () => {
    const cloud = cloudWith(HUNDRED)
    await run(cloud)
    expect(profileOf(cloud)?.files).toMatchObject([{ lines: 100 }])
    const held = cloudWith([...HUNDRED, ...aliases(4)])
    await run(held)
    expect(profileOf(held)).toBeUndefined()
    await decideHeldFile(FILE, 'released', held.ports)
    await runQueued(held)
    expect(profileOf(held)?.files).toMatchObject([{ lines: 104 }])
  })

  test('is updated by a split file', async () => {
    const cloud = cloudWith(HUNDRED, { limits: { segmentBytes: 2_000 } })
    await run(cloud)
    await runQueued(cloud)
    expect(profileOf(cloud)?.files).toMatchObject([{ lines: 100 }])
  })

  test('is updated by a file whose import took several invocations', async () => {
    const cloud = cloudWith(HUNDRED, { answer: () => DOWN })
    await run(cloud)
    cloud.answer = () => ACCEPTED
    await runQueued(cloud)
    expect(profileOf(cloud)?.files).toMatchObject([{ lines: 100 }])
  })

  test.each<[string, object]>([
    ['damaged', { schema: 'x' }],
    ['of a newer version', { schema: 'kissmetrics-importer/profile/v2' }],
  ])('never stops an import: %s', async (_, document) => {
    const cloud = cloudWith(HUNDRED)
    cloud.write(KEY, document)
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
  })

  test('of a newer version stays as it is', async () => {
    const cloud = cloudWith(HUNDRED)
    const newer = { schema: 'kissmetrics-importer/profile/v2', more: true }
    cloud.write(KEY, newer)
    await run(cloud)
    expect(profileOf(cloud)).toEqual(newer)
  })

  test('is not changed by fixed lines of other files', async () => {
    const cloud = cloudWith(HUNDRED)
    await run(cloud, newTask({ ...FILE, key: 'incoming/replays/r.jsonl' }))
    expect([...cloud.documents.keys()].filter((key) => key.includes('profile'))).toEqual([])
  })
})

describe('learning', () => {
  const SURVEY: SurveyPart = {
    schema: SURVEY_SCHEMA,
    lines: { valid: 100, rejected: 0, blank: 0 },
    rejections: [],
    days: [[20_454, 100]],
    events: { list: [], unlisted: 0 },
    properties: { list: [], unlisted: 0 },
    aliases: { commands: 0, placeholders: 0, groups: '', isComplete: true },
  }

  const learnOnce = (cloud: MemoryCloud, startedAt = '2026-01-01T00:00:00.000Z') =>
    learnFrom({ ...unreadFile(FILE, cloud.clock), startedAt }, SURVEY, cloud.ports)
  const filesOf = async (cloud: MemoryCloud) => (await readProfile(FILE, cloud.ports))?.files.length ?? 0

  test('needs the survey of this run, or the one that another run has kept', async () => {
    const cloud = cloudWith([])
    await learnFrom(unreadFile(FILE, cloud.clock), undefined, cloud.ports)
    expect(await filesOf(cloud)).toBe(0)
    await keepSurvey(FILE, SURVEY, cloud.ports)
    await learnFrom(unreadFile(FILE, cloud.clock), undefined, cloud.ports)
    expect(await filesOf(cloud)).toBe(1)
  })

  test('from several files at the same time leaves out none of them', async () => {
    const cloud = cloudWith([])
    await Promise.all([1, 2, 3].map((day) => learnOnce(cloud, `2026-01-0${day}T00:00:00.000Z`)))
    expect(await filesOf(cloud)).toBe(3)
  })

  test('from a file twice, because its last run was killed, counts it once', async () => {
    const cloud = cloudWith([])
    await learnOnce(cloud)
    await learnOnce(cloud)
    expect(await filesOf(cloud)).toBe(1)
  })

  test('gives up when another run writes the profile again and again', async () => {
    const cloud = cloudWith([])
    let writes = 0
    cloud.onWrite = () => {
      writes += 1
      cloud.write(KEY, { schema: PROFILE_SCHEMA, learned: 0, files: [], days: [], events: [], properties: [] })
    }
    await learnOnce(cloud)
    expect(writes).toBe(3)
    expect(await filesOf(cloud)).toBe(0)
  })

  test('never fails an import: neither if S3 fails, nor if all rules are off', async () => {
    const cloud = cloudWith([])
    cloud.failing.add('checkpoints.put')
    await keepSurvey(FILE, SURVEY, cloud.ports)
    await learnOnce(cloud)
    cloud.failing.clear()
    Object.assign(cloud.ports.limits, { hold: HOLD_NOTHING })
    await learnOnce(cloud)
    expect(await filesOf(cloud)).toBe(0)
  })

  test('the survey that was kept first stays', async () => {
    const cloud = cloudWith([])
    await keepSurvey(FILE, SURVEY, cloud.ports)
    await keepSurvey(FILE, { ...SURVEY, lines: { valid: 1, rejected: 0, blank: 0 } }, cloud.ports)
    expect(cloud.read(surveyKey(FILE))).toEqual(SURVEY)
  })
})

test.each([undefined, null, 'text', {}, { schema: SURVEY_SCHEMA.replace('v1', 'v2') }])('%j is not a survey', (value) => {
  expect(surveyOf(value)).toBeUndefined()
})

describe('work that is done while a profile learns', () => {
  test('is not late, and both are done at the end', async () => {
    const done: string[] = []
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const learning = promise.then(() => {
      done.push('learning')
    })
    await whileLearning(learning, async () => {
      await Promise.resolve()
      done.push('rest')
      resolve(undefined)
    })
    expect(done).toEqual(['rest', 'learning'])
  })

  test('waits for it too if it fails, so that no run ends with work left', async () => {
    let hasLearned = false
    const learning = Promise.resolve().then(() => {
      hasLearned = true
    })
    await expect(whileLearning(learning, () => Promise.reject(new Error('S3 is down')))).rejects.toThrow('S3 is down')
    expect(hasLearned).toBe(true)
  })
})
