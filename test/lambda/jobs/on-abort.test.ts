import { describe, expect, test } from '@jest/globals'
import { onAbort } from '../../../lambda/jobs/on-abort.ts'

const REASON = new Error('reason')

describe('onAbort', () => {
  test('calls the listener once, with the abort reason', () => {
    const controller = new AbortController()
    const reasons: Error[] = []
    using _listening = onAbort(controller.signal, (reason) => reasons.push(reason))
    expect(reasons).toEqual([])
    controller.abort(REASON)
    controller.abort(new Error('another'))
    expect(reasons).toEqual([REASON])
  })

  test('calls it immediately if the signal is already aborted', () => {
    const reasons: Error[] = []
    using _listening = onAbort(AbortSignal.abort(REASON), (reason) => reasons.push(reason))
    expect(reasons).toEqual([REASON])
  })

  test('never calls it after it is disposed', () => {
    const controller = new AbortController()
    const reasons: Error[] = []
    onAbort(controller.signal, (reason) => reasons.push(reason))[Symbol.dispose]()
    controller.abort(REASON)
    expect(reasons).toEqual([])
  })
})
