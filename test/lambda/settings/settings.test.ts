import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseEndpoint } from '../../../lambda/settings/addresses.ts'
import { TEXT_SETTINGS } from '../../../lambda/settings/names.ts'
import { NUMBER_SETTINGS, type Env } from '../../../lambda/settings/numbers.ts'
import { readImporterSettings } from '../../../lambda/settings/settings.ts'

const ENV: Env = { KM_API_KEY: 'k', KM_DEAD_LETTER_QUEUE_URL: 'd', KM_IMPORT_QUEUE_URL: 'i', KM_BUCKET: 'b' }

test('a setting that is not set has its default', () => {
  expect(readImporterSettings(ENV)).toEqual({
    endpoint: new URL('https://trk.kissmetrics.io'),
    apiKey: { value: 'k' },
    deadLetterQueueUrl: 'd',
    importQueueUrl: 'i',
    bucket: 'b',
    places: [{ bucket: 'b', prefix: 'incoming/' }],
    limits: {
      maxInFlight: 128,
      maxLineBytes: 262_144,
      maxLinesPerSecond: 0,
      segmentBytes: 67_108_864,
      checkpointMs: 5_000,
      deadlineMarginMs: 60_000,
      hold: {
        aliases: 10,
        rejectedPercent: 20,
        sameReasonLines: 10_000,
        newNames: 20,
        similarNames: 1,
        typePercent: 50,
        volumeFactor: 10,
        olderDays: 365,
      },
    },
  })
})

test('on AWS the key comes from the secret', () => {
  expect(readImporterSettings({ ...ENV, KM_API_KEY_SECRET: 'arn' }).apiKey).toEqual({ secretArn: 'arn' })
})

describe('an invalid setting is named, with its value and the allowed values', () => {
  // prettier-ignore
  test.each<[string, Env, string]>([
    //  what is wrong             settings                                  what is said
    [ 'below its range',          { ...ENV, KM_MAX_IN_FLIGHT: '0' },        'KM_MAX_IN_FLIGHT is "0": expected a whole number of requests from 1 to 512. Leave it out to use 128.' ],
    [ 'above its range',          { ...ENV, KM_MAX_IN_FLIGHT: '513' },      'KM_MAX_IN_FLIGHT is "513": expected a whole number of requests from 1 to 512. Leave it out to use 128.' ],
    [ 'not a whole number',       { ...ENV, KM_MAX_LINE_BYTES: '2048.5' },  'KM_MAX_LINE_BYTES is "2048.5": expected a whole number of bytes from 1024 to 1048576. Leave it out to use 262144.' ],
    [ 'not a number',             { ...ENV, KM_MAX_LINE_BYTES: '1MB' },     'KM_MAX_LINE_BYTES is "1MB": expected a whole number of bytes from 1024 to 1048576. Leave it out to use 262144.' ],
    [ 'no key',                   { ...ENV, KM_API_KEY: ' ' },              'No API key: neither KM_API_KEY_SECRET (the ARN of a secret) nor KM_API_KEY is set. Set one of them. Nothing was sent.' ],
    [ 'no queue',                 { ...ENV, KM_IMPORT_QUEUE_URL: '' },      'KM_IMPORT_QUEUE_URL is not set. The stack sets it: deploy again.' ],
  ])('%s', (_what, env, sentence) => {
    expect(() => readImporterSettings(env)).toThrow(sentence)
  })

  test.each(['1', '512', ''])('KM_MAX_IN_FLIGHT may be %j', (value) => {
    expect(readImporterSettings({ ...ENV, KM_MAX_IN_FLIGHT: value }).limits.maxInFlight).toBe(value === '' ? 128 : Number(value))
  })
})

describe('the address of an endpoint may be', () => {
  // prettier-ignore
  test.each([
    [ 'https://trk.kissmetrics.io' ], [ 'https://trk.kissmetrics.io:8443' ], [ 'http://127.0.0.1:9000' ], [ 'http://localhost' ], [ 'http://[::1]:80' ],
  ])('%s', (url) => {
    expect(parseEndpoint(url, 'KM_ENDPOINT').origin).toBe(new URL(url).origin)
  })

  // prettier-ignore
  test.each([
    //  not to                                what is said
    [ 'trk.kissmetrics.io',                   'expected an address like https://trk.kissmetrics.io.' ],
    [ 'http://trk.kissmetrics.io',            'Only https is allowed, because each request contains the API key.' ],
    [ 'ftp://trk.kissmetrics.io',             'Only https is allowed' ],
    [ 'https://169.254.169.254',              'with a host name instead of an IP address' ],
    [ 'https://[fd00::1]',                    'with a host name instead of an IP address' ],
    [ 'https://trk.kissmetrics.io/e',         'with nothing after the host' ],
    [ 'https://trk.kissmetrics.io/?_k=other', 'with nothing after the host' ],
    [ '',                                     'expected an address' ],
  ])('%s', (text, sentence) => {
    expect(() => parseEndpoint(text, 'KM_ENDPOINT')).toThrow(sentence)
  })

  test('a password in it is not repeated', () => {
    expect(() => parseEndpoint('https://user:hunter2@trk.kissmetrics.io', 'KM_ENDPOINT')).toThrow(
      'KM_ENDPOINT holds a user name or password: expected an address like https://trk.kissmetrics.io, without them.',
    )
  })
})

test('docs/configuration.md lists every setting and no other', () => {
  const named = new Set(readFileSync('docs/configuration.md', 'utf8').match(/\bKM_[A-Z_]+/g))
  expect([...named].toSorted()).toEqual([...Object.keys(NUMBER_SETTINGS), ...Object.values(TEXT_SETTINGS)].toSorted())
})

test.each(Object.entries(NUMBER_SETTINGS))(
  'docs/configuration.md describes %s as the code does',
  (name, { unit, default: usual, min, max, why }) => {
    const row = [`\`${name}\``, unit, usual, min, max]
      .map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell))
      .join(' | ')
    expect(readFileSync('docs/configuration.md', 'utf8')).toContain(`| ${row} | ${why} |`)
  },
)
