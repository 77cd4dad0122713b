import { describe, expect, test } from '@jest/globals'
import { SetupError } from '../../../lambda/errors.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { dispatchAll } from '../../../lambda/jobs/dispatch.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { decideTagged } from '../../../lambda/jobs/tagged-file.ts'
import { safetyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { NUMBER_SETTINGS } from '../../../lambda/settings/numbers.ts'
import { FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const ALIASES = Array.from({ length: 12 }, (_, n) => `{"_p":"p${n}","_p2":"all","_t":1393344604}`)
const hold = { ...HOLD_NOTHING, aliases: NUMBER_SETTINGS.KM_HOLD_ALIASES.default }

/** An importer that has held FILE. */
async function held(): Promise<MemoryCloud> {
  const cloud = new MemoryCloud({ limits: { hold } })
  cloud.put(...ALIASES)
  await dispatchAll([{ kind: 'task', task: newTask(FILE) }], cloud.ports, invocation())
  expect(cloud.report?.state).toBe('held')
  return cloud
}

/** Does the work of every message that is queued. */
async function work(cloud: MemoryCloud): Promise<void> {
  for (const { body } of cloud.sent.splice(0)) await dispatchAll(readMessage(body), cloud.ports, invocation())
}

const decisionOf = (cloud: MemoryCloud) => (cloud.read(safetyKey(FILE)) as Safety | undefined)?.decision

describe('the tag km-import of a held file', () => {
  test.each(['release', 'Release', ' release '])('"%s" releases it', async (value) => {
    const cloud = await held()
    cloud.tags.set('km-import', value)
    await decideTagged(FILE, cloud.ports)
    await work(cloud)
    expect(cloud.codes).toContain('file_released')
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 12 } })
  })

  test('"discard" discards it', async () => {
    const cloud = await held()
    cloud.tags.set('km-import', 'discard')
    await decideTagged(FILE, cloud.ports)
    expect(cloud.report?.state).toBe('discarded')
    expect(cloud.codes).toContain('file_discarded')
    expect(cloud.requests).toEqual([])
  })

  test.each<[string, Record<string, string>, string]>([
    ['another value does nothing', { 'km-import': 'yes, a@b.example' }, 'tag_without_effect'],
    ['other tags do nothing', { owner: 'release' }, 'message_ignored'],
    ['the name has capitals in another place', { 'KM-Import': 'release' }, 'message_ignored'],
  ])('%s', async (_what, tags, code) => {
    const cloud = await held()
    for (const [name, value] of Object.entries(tags)) cloud.tags.set(name, value)
    await decideTagged(FILE, cloud.ports)
    expect(cloud.events.at(-1)?.facts.code).toBe(code)
    expect(JSON.stringify(cloud.events)).not.toContain('a@b.example')
    expect(decisionOf(cloud)).toBe('held')
  })

  test('an object that was deleted meanwhile is ignored', async () => {
    const cloud = await held()
    cloud.object = 'gone'
    await decideTagged(FILE, cloud.ports)
    expect(cloud.codes.at(-1)).toBe('message_ignored')
    expect(decisionOf(cloud)).toBe('held')
  })

  test('set twice, or delivered twice, it imports the file once', async () => {
    const cloud = await held()
    cloud.tags.set('km-import', 'release')
    await decideTagged(FILE, cloud.ports)
    await decideTagged(FILE, cloud.ports)
    await work(cloud)
    await decideTagged(FILE, cloud.ports)
    await work(cloud)
    expect(cloud.requests).toHaveLength(12)
  })

  test('comes too late if somebody has decided otherwise', async () => {
    const cloud = await held()
    cloud.tags.set('km-import', 'discard')
    await decideTagged(FILE, cloud.ports)
    cloud.tags.set('km-import', 'release')
    await decideTagged(FILE, cloud.ports)
    expect(cloud.events.at(-1)).toMatchObject({ level: 'warn', facts: { code: 'tag_without_effect', why: 'too_late' } })
    expect(decisionOf(cloud)).toBe('discarded')
  })
})

describe('nothing happens', () => {
  const notHeld = { level: 'warn', facts: { code: 'tag_without_effect', why: 'not_held', key: FILE.key } }

  test('to a file that is not held', async () => {
    const cloud = new MemoryCloud({ limits: { hold } })
    cloud.put(goodLine())
    cloud.tags.set('km-import', 'discard')
    await decideTagged(FILE, cloud.ports)
    expect(cloud.events.at(-1)).toMatchObject(notHeld)
    await dispatchAll([{ kind: 'task', task: newTask(FILE) }], cloud.ports, invocation())
    await decideTagged(FILE, cloud.ports)
    expect(cloud.events.at(-1)).toMatchObject(notHeld)
    expect(cloud.report?.state).toBe('complete')
  })

  test('because of a tag that the file has from its upload, also when a search finds the file', async () => {
    const cloud = new MemoryCloud({ limits: { hold } })
    cloud.put(...ALIASES)
    cloud.tags.set('km-import', 'release')
    for (const found of [{}, { foundBySearch: true as const }]) {
      await dispatchAll([{ kind: 'task', task: { ...newTask(FILE), ...found } }], cloud.ports, invocation())
      expect([cloud.report?.state, cloud.sent]).toEqual(['held', []])
    }
  })

  test('to a held file whose newer version is tagged', async () => {
    const cloud = await held()
    cloud.tags.set('km-import', 'release')
    await decideTagged({ ...FILE, versionId: 'v2', etag: 'e2' }, cloud.ports)
    expect(cloud.events.at(-1)).toMatchObject(notHeld)
    expect(decisionOf(cloud)).toBe('held')
    expect(cloud.sent).toEqual([])
  })
})

test('while the importer may not read tags, the event waits as a message of its own', async () => {
  const cloud = await held()
  cloud.tags.set('km-import', 'release')
  const denied = { find: () => Promise.reject(new SetupError('Its role has no permission.')) }
  const outcome = await dispatchAll([{ kind: 'tagged', file: FILE }], { ...cloud.ports, tags: denied }, invocation())
  expect(outcome).toEqual({ kind: 'done' }) // it can be deleted, because another message asks for the work
  expect(cloud.codes.at(-1)).toBe('setup_wrong')
  await work(cloud) // the permission is there
  await work(cloud)
  expect(cloud.report?.state).toBe('complete')
})

test('a release that fails half-way is done when the event is delivered again', async () => {
  const cloud = await held()
  cloud.tags.set('km-import', 'release')
  cloud.failing.add('importQueue.send')
  await expect(decideTagged(FILE, cloud.ports)).rejects.toThrow()
  cloud.failing.clear()
  await decideTagged(FILE, cloud.ports)
  await work(cloud)
  expect(cloud.report?.state).toBe('complete')
})
