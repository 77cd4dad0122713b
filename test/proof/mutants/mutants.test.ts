import { expect, test } from '@jest/globals'
import { Copy, mutate } from './apply.ts'
import { MUTANTS } from './mutants.ts'

test.each(MUTANTS)('the mistake can still be made: $name', async (mutant) => {
  expect(await mutate(mutant)).not.toBe('')
})

test('one that is made is caught, and the copy is whole again afterwards', async () => {
  await using copy = await Copy.make()
  const mutant = MUTANTS.find(({ file }) => file === 'lambda/intake/message.ts')
  if (mutant === undefined) throw new Error('there is no such mutant')
  expect(await copy.catch(mutant)).toBe('test/lambda/intake/message.test.ts: what a message asks for two drops')
  expect(await copy.catch({ ...mutant, find: 'event.output', replace: 'event.output' })).toBeUndefined()
}, 60_000)
