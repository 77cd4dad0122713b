import { describe, expect, test } from '@jest/globals'
import { AnswerSample } from '../../../lambda/deliver/answer-sample.ts'

const START = 1_000_000

/** A sample with so many answers, all at the same time. */
function sampleOf({ accepted = 0, refused = 0, asked = 0, at = START }): AnswerSample {
  const sample = new AnswerSample(START)
  for (let nth = 0; nth < accepted; nth += 1) sample.countAccepted(at)
  for (let nth = 0; nth < refused; nth += 1) sample.countRefused(at, nth < asked)
  return sample
}

describe('a sample is full', () => {
  // prettier-ignore
  test.each([
    //  answers  after ms  full
    [ 5,         1_000,    true ],
    [ 5,         999,      false ],
    [ 4,         1_000,    false ],
    [ 4,         60_000,   false ],
  ])('with %i answers after %i ms: %s', (accepted, ms, isFull) => {
    expect(sampleOf({ accepted }).isFull(START + ms)).toBe(isFull)
  })
})

test('it counts accepted requests per second, and the share of refusals', () => {
  const sample = sampleOf({ accepted: 90, refused: 10 })
  expect(sample.acceptedPerSecond(START + 1_500)).toBe(60)
  expect(sample.refusedShare).toBe(0.1)
})

test('answers from before its start are not counted', () => {
  expect(sampleOf({ accepted: 3, refused: 2, at: START - 1 }).answers).toBe(0)
})

describe('a pause for all is needed', () => {
  // prettier-ignore
  test.each([
    //  answers                        accepted  refused  asked to wait  needed
    [ 'if most ask for it',            9,        10,      10,            true ],
    [ 'not if half do',                10,       10,      10,            false ],
    [ 'not if they are few',           0,        9,       9,             false ],
    [ 'not if they are only refused',  0,        50,      9,             false ],
  ])('%s', (_what, accepted, refused, asked, isNeeded) => {
    expect(sampleOf({ accepted, refused, asked }).needsPause).toBe(isNeeded)
  })
})
