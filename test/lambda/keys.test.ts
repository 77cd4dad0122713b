import { describe, expect, test } from '@jest/globals'
import { checkpointKey, quarantineKey, reportKey, reportsOf } from '../../lambda/keys.ts'

const VERSION = 'v'.repeat(32)
const fileOf = (key: string) => ({ bucket: 'b', key, versionId: VERSION })
const keyOf = (bytes: number, character = 'x') =>
  `incoming/${character.repeat(Math.floor((bytes - 14) / Buffer.byteLength(character)))}.json`.padEnd(bytes, '0')

describe('S3 allows keys of 1,024 bytes, and every key that is derived from one is allowed too', () => {
  test.each([14, 100, 899, 900, 901, 970, 971, 1_000, 1_023, 1_024])('%d bytes', (bytes) => {
    for (const character of ['x', '名', '😀']) {
      const file = fileOf(keyOf(bytes, character))
      for (const key of [reportKey(file), checkpointKey(file, 99_999), checkpointKey(file, 'plan'), quarantineKey(file, Number.MAX_SAFE_INTEGER)]) {
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024)
        expect(key.isWellFormed()).toBe(true)
      }
    }
  })

  test('a key that fits stays readable', () => {
    expect(reportKey(fileOf('incoming/a.json'))).toBe(`reports/incoming/a.json/${VERSION}/report.json`)
  })

  test('two long keys that differ only at their end have different reports and checkpoints', () => {
    const [one, other] = [`${keyOf(1_000)}a`, `${keyOf(1_000)}b`]
    expect(reportKey(fileOf(one))).not.toBe(reportKey(fileOf(other)))
    expect(checkpointKey(fileOf(one), 1)).not.toBe(checkpointKey(fileOf(other), 1))
  })

  test('the hash is FNV-1a with 128 bits, today and in later versions', () => {
    const key = 'a'.repeat(1_000)
    const expected = Array.from(key).reduce(
      (hash) => ((hash ^ 0x61n) * (2n ** 88n + 0x13bn)) % 2n ** 128n,
      144066263297769815596495629667062367629n,
    )
    expect(reportsOf(key)).toBe(`reports/${'a'.repeat(100)}~${expected.toString(16).padStart(32, '0')}/`)
  })

  test.each([20, 1_000])('the reports of a file are found under its prefix: a key of %d bytes', (bytes) => {
    expect(reportKey(fileOf(keyOf(bytes))).startsWith(reportsOf(keyOf(bytes)))).toBe(true)
  })
})
