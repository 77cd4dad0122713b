import { expect, test } from '@jest/globals'
import { Fingerprint, NameFingerprints } from '../../../lambda/survey/fingerprint.ts'

const of = (...texts: readonly string[]): Fingerprint => {
  const fingerprint = new Fingerprint().start(0, 0)
  for (const text of texts) fingerprint.text(text)
  return fingerprint.end()
}

const bits = ({ high, low }: Fingerprint): string => `${high} ${low}`

test('400,000 similar texts have different fingerprints', () => {
  const all = new Set<string>()
  for (let index = 0; index < 200_000; index += 1)
    for (const text of [`user ${index}`, `${index}@example.com`]) all.add(bits(of(text)))
  expect(all.size).toBe(400_000)
})

test('it depends on where one text ends and the next begins', () => {
  expect(bits(of('ab', 'c'))).not.toBe(bits(of('a', 'bc')))
  expect(bits(of('ab', ''))).not.toBe(bits(of('ab')))
})

test('names that Kissmetrics does not distinguish have the same fingerprint', () => {
  const names = new NameFingerprints()
  expect(bits(names.of('Signed: Up'))).toBe(bits(names.of('signed, UP')))
  expect(bits(names.of('Signed Up'))).not.toBe(bits(names.of('Signed  Up')))
})
