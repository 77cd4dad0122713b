import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { confirm } from '../../../cli/terminal/confirm.ts'

afterEach(() => {
  jest.restoreAllMocks()
})

/** A terminal on which a user types. */
function typed(answer: string): void {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  jest.spyOn(process, 'stdin', 'get').mockReturnValue(input as unknown as typeof process.stdin)
  jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  input.write(`${answer}\n`)
}

describe('only a clear yes is a yes', () => {
  // prettier-ignore
  test.each([
    [ 'y',    true ],
    [ 'yes',  true ],
    [ ' Y ',  true ],
    [ '',     false ],
    [ 'n',    false ],
    [ 'yeah', false ],
  ])('%j: %p', async (answer, isYes) => {
    typed(answer)
    expect(await confirm('Send 1 line?', { yes: false })).toBe(isYes)
  })
})

test('--yes answers without a question', async () => {
  expect(await confirm('Send 1 line?', { yes: true })).toBe(true)
})

test('without a terminal and without --yes, the command stops and says what to do', async () => {
  jest.spyOn(process, 'stdin', 'get').mockReturnValue(new PassThrough() as unknown as typeof process.stdin)
  await expect(confirm('Send 1 line?', { yes: false })).rejects.toThrow(
    'Send 1 line? There is no terminal to ask on. Add --yes to continue without a question.',
  )
})

test('a long question is wrapped, and the answer stands after its last row', async () => {
  typed('y')
  jest.spyOn(process, 'stderr', 'get').mockReturnValue(Object.assign(new PassThrough(), { isTTY: true, columns: 40 }) as never)
  expect(await confirm('Send 49,311 lines to trk.kissmetrics.io? Imported data cannot be deleted.', { yes: false })).toBe(true)
  expect(String((process.stderr as unknown as PassThrough).read())).toContain('Send 49,311 lines to trk.kissmetrics.io?\n')
})
