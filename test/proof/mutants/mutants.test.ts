import { expect, test } from '@jest/globals'
import { Copy, mutate } from './apply.ts'
import { MUTANTS } from './mutants.ts'

test.each(MUTANTS)('applies: $name', async (mutant) => {
  expect(await mutate(mutant)).not.toBe('')
})

test('names are unique, and so are mistakes', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  expect(new Set(MUTANTS.map(({ file, find, replace }) => [file, find, replace].join('\n'))).size).toBe(MUTANTS.length)
})

test('a mistake is caught, and the copy is restored afterwards', async () => {
  await using copy = await Copy.make()
  const mutant = MUTANTS.find(({ name }) => name === 'only the first of several records in a message is imported')
  if (mutant === undefined) throw new Error('no such mutant')
  const durations = await copy.measure(mutant.tests)
  expect(await copy.try(mutant, durations)).toEqual({
    kind: 'caught',
    by: expect.stringMatching(/^test\/lambda\/intake\/message\.test\.ts: ./) as unknown,
  })
  expect(await copy.try({ ...mutant, replace: mutant.find }, durations)).toEqual({ kind: 'survived' })
  expect(await copy.try({ ...mutant, replace: '(' }, durations)).toMatchObject({ kind: 'broken' })
  const endless = { ...mutant, replace: '(() => { for (;;); })()' }
  expect(await copy.try(endless, durations, () => ({ testMs: 1_000, runMs: 5_000 }))).toEqual({
    kind: 'caught',
    by: 'test/lambda/intake/message.test.ts: it does not end',
  })
})
