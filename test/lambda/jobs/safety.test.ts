import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { findSafety, isAllowed, isOff, SAFETY_SCHEMA, storeSafety, type Safety } from '../../../lambda/jobs/safety.ts'
import { safetyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const NOW = '2026-01-01T00:00:00.000Z'
const PASSED: Safety = {
  ...{ schema: SAFETY_SCHEMA, decision: 'passed', holds: [], lines: 3, bytes: 9, surveyedAt: NOW, decidedAt: NOW },
}
const HELD: Safety = { ...PASSED, decision: 'held' }

describe('the decision about a file', () => {
  test('is stored once: each run gets the first one', async () => {
    const { ports } = new MemoryCloud()
    expect(await storeSafety(FILE, HELD, ports)).toEqual(HELD)
    expect(await storeSafety(FILE, PASSED, ports)).toEqual(HELD)
    expect((await findSafety(FILE, ports))?.safety).toEqual(HELD)
  })

  test('is about one version', async () => {
    const { ports } = new MemoryCloud()
    await storeSafety(FILE, HELD, ports)
    expect(await findSafety({ ...FILE, versionId: 'v2' }, ports)).toBeUndefined()
  })

  // prettier-ignore
  test.each<[string, object]>([
    [ 'is of another kind',               { ...PASSED, schema: 'kissmetrics-importer/survey/v1' } ],
    [ 'has no decision',                  { schema: SAFETY_SCHEMA } ],
    [ 'has a decision that nothing makes', { ...PASSED, decision: 'probably fine' } ],
  ])('is none if the document %s, and the next survey replaces it', async (_what, document) => {
    const cloud = new MemoryCloud()
    cloud.write(safetyKey(FILE), document)
    expect(await findSafety(FILE, cloud.ports)).toBeUndefined()
    expect(await storeSafety(FILE, HELD, cloud.ports)).toEqual(HELD)
  })

  test('of a newer version is an error: it may hold the file', async () => {
    const cloud = new MemoryCloud()
    cloud.write(safetyKey(FILE), { schema: SAFETY_SCHEMA.replace('v1', 'v2') })
    await expect(findSafety(FILE, cloud.ports)).rejects.toThrow(new NewerVersionError(safetyKey(FILE)))
    await expect(storeSafety(FILE, PASSED, cloud.ports)).rejects.toThrow(NewerVersionError)
  })

  // prettier-ignore
  test.each([
    [ 'passed',    true ],
    [ 'released',  true ],
    [ 'held',      false ],
    [ 'discarded', false ],
  ] as const)('%s: the file may be imported: %s', (decision, allowed) => {
    expect(isAllowed({ ...PASSED, decision })).toBe(allowed)
  })
})

test('the survey is off only if every rule is', () => {
  expect(isOff(HOLD_NOTHING)).toBe(true)
  for (const name of Object.keys(HOLD_NOTHING)) expect([name, isOff({ ...HOLD_NOTHING, [name]: 1 })]).toEqual([name, false])
})
