import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { Interruption } from '../../../cli/terminal/interruption.ts'

afterEach(() => {
  jest.restoreAllMocks()
})

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('asks the command to stop, and a second one exits with 130', () => {
    const exit = jest.spyOn(process, 'exit').mockReturnValue(undefined as never)
    using interruption = new Interruption()
    expect(interruption.happened).toBe(false)
    process.emit(signal)
    expect([interruption.happened, interruption.signal.aborted]).toEqual([true, true])
    expect(exit).not.toHaveBeenCalled()
    process.emit(signal)
    expect(exit).toHaveBeenCalledWith(130)
  })
})

test('nothing listens after it is disposed', () => {
  const before = process.listenerCount('SIGINT')
  {
    using _interruption = new Interruption()
    expect(process.listenerCount('SIGINT')).toBe(before + 1)
  }
  expect(process.listenerCount('SIGINT')).toBe(before)
})
