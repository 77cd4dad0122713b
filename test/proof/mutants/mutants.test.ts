import { expect, test } from '@jest/globals'
import { Copy, mutate } from './apply.ts'
import { MUTANTS } from './mutants.ts'

test.each(MUTANTS)('applies: $name', async (mutant) => {
  expect(await mutate(mutant)).not.toBe('')
})

test('a mistake is caught, and the copy is restored afterwards', async () => {
  await using copy = await Copy.make()
  const mutant = MUTANTS.find(({ file }) => file === 'lambda/intake/message.ts')
  if (mutant === undefined) throw new Error('no such mutant')
  expect(await copy.catch(mutant)).toMatch(/^test\/lambda\/intake\/message\.test\.ts: ./)
  expect(await copy.catch({ ...mutant, replace: mutant.find })).toBeUndefined()
}, 60_000)
