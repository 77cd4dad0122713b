import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { NUMBER_SETTINGS, type NumberSettingName } from '../../lambda/settings.ts'
import { STACK_NUMBER_SETTINGS, readSettings, SETTING_NAMES, SettingError } from '../../lib/settings.ts'

const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:team/kissmetrics-AbCdEf'

test('without settings, the defaults are deployed', () => {
  expect(readSettings({})).toEqual({
    endpoint: 'https://trk.kissmetrics.io',
    maximumConcurrency: 2,
    maxReceiveCount: 5,
    alarmRejectedPercent: 5,
    alarmIdleDays: 0,
    overrides: {},
  })
})

describe('a setting is read from the command line, where every value is text, and from cdk.json', () => {
  // prettier-ignore
  test.each([
    //  in the context                                 as a setting
    [{ product: 'web-shop' },                          { product: 'web-shop' }],
    [{ product: 'a' },                                 { product: 'a' }],
    [{ product: '' },                                  { endpoint: 'https://trk.kissmetrics.io' }],
    [{ endpoint: 'https://trk.example.com' },          { endpoint: 'https://trk.example.com' }],
    [{ endpoint: 'https://trk.example.com/' },         { endpoint: 'https://trk.example.com' }],
    [{ apiKeySecretArn: SECRET_ARN },                  { apiKeySecretArn: SECRET_ARN }],
    [{ maximumConcurrency: '2' },                      { maximumConcurrency: 2 }],
    [{ maximumConcurrency: 1000 },                     { maximumConcurrency: 1000 }],
    [{ maxReceiveCount: '3' },                         { maxReceiveCount: 3 }],
    [{ maxReceiveCount: 1000 },                        { maxReceiveCount: 1000 }],
    [{ KM_MAX_IN_FLIGHT: '8' },                        { overrides: { KM_MAX_IN_FLIGHT: 8 } }],
    [{ KM_MAX_IN_FLIGHT: 8, KM_MAX_LINE_BYTES: '' },   { overrides: { KM_MAX_IN_FLIGHT: 8 } }],
    // The CDK's own names are not settings.
    [{ 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:checkSecretUsage': true, 'acknowledged-issue-numbers': [1] }, { overrides: {} }],
  ])('%j', (context, setting) => {
    expect(readSettings(context)).toMatchObject(setting)
  })
})

describe('an invalid setting is refused, and the message says what to do', () => {
  // prettier-ignore
  test.each([
    //  in the context                            message
    [{ maximumConcurency: 5 },                    `maximumConcurency is not a setting of this stack: expected one of ${SETTING_NAMES.join(', ')}. Correct the name, or remove it.`],
    [{ KM_MAX_INFLIGHT: 5 },                      `KM_MAX_INFLIGHT is not a setting of this stack: expected one of ${SETTING_NAMES.join(', ')}. Correct the name, or remove it.`],
    [{ maximumConcurrency: '1' },                 'maximumConcurrency is "1": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: 1001 },                'maximumConcurrency is "1001": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: 2.5 },                 'maximumConcurrency is "2.5": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: 'many' },              'maximumConcurrency is "many": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: [4] },                 'maximumConcurrency is "[4]": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maxReceiveCount: 2 },                      'maxReceiveCount is "2": expected a whole number of deliveries from 3 to 1000. Leave it out to use 5.'],
    [{ maxReceiveCount: '1001' },                 'maxReceiveCount is "1001": expected a whole number of deliveries from 3 to 1000. Leave it out to use 5.'],
    [{ KM_MAX_IN_FLIGHT: '0' },                   'KM_MAX_IN_FLIGHT is "0": expected a whole number of requests from 1 to 512. Leave it out to use 128.'],
    [{ product: 'web shop' },                     'product is "web shop": expected 1 to 30 letters, digits and inner hyphens, for example "web-shop". Change it, or leave it out.'],
    [{ product: '-shop' },                        'product is "-shop": expected 1 to 30 letters, digits and inner hyphens, for example "web-shop". Change it, or leave it out.'],
    [{ product: 'x'.repeat(31) },                 `product is "${'x'.repeat(31)}": expected 1 to 30 letters, digits and inner hyphens, for example "web-shop". Change it, or leave it out.`],
    [{ product: 5 },                              'product is a number: expected text. Put it in quotes, or leave it out.'],
    [{ endpoint: 'trk.kissmetrics.io' },          'endpoint is "trk.kissmetrics.io": expected an address like https://trk.kissmetrics.io.'],
    [{ endpoint: 'http://127.0.0.1:8080' },       'endpoint is "http://127.0.0.1:8080": expected an https address like https://trk.kissmetrics.io. AWS cannot reach an address of this computer; to import on this computer, run `npm start`.'],
    [{ apiKeySecretArn: 'kissmetrics-key' },      'apiKeySecretArn is not the full ARN of a Secrets Manager secret: expected arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, as `aws secretsmanager describe-secret` shows it. Never put the key itself here. Leave it out, and the stack creates a secret.'],
  ])('%j', (context, message) => {
    expect(() => readSettings(context)).toThrow(expect.objectContaining({ name: 'SettingError', message }))
  })

  test('an API key that was set in place of the ARN of its secret is not repeated in the message', () => {
    const key = '0123456789abcdef0123456789abcdef01234567'
    expect(() => readSettings({ apiKeySecretArn: key })).not.toThrow(new RegExp(key))
    expect(() => readSettings({ apiKeySecretArn: key })).toThrow(SettingError)
  })
})

test('a number is accepted if it is whole and in its range; otherwise the message names the range', () => {
  const numbers = { ...STACK_NUMBER_SETTINGS, ...NUMBER_SETTINGS }
  const names = Object.keys(numbers) as (keyof typeof numbers)[]
  const around = (name: keyof typeof numbers) => {
    const { min, max } = numbers[name]
    const value = fc.oneof(fc.integer({ min, max }), fc.integer(), fc.double(), fc.constantFrom(min - 1, min, max, max + 1))
    return fc.record({ name: fc.constant(name), value, asText: fc.boolean() })
  }
  fc.assert(
    fc.property(fc.oneof(...names.map(around)), ({ name, value, asText }) => {
      const { min, max } = numbers[name]
      const read = () => readSettings({ [name]: asText ? String(value) : value })
      if (!Number.isInteger(value) || value < min || value > max) expect(read).toThrow(`from ${min} to ${max}`)
      else
        expect(
          name in STACK_NUMBER_SETTINGS
            ? read()[name as keyof typeof STACK_NUMBER_SETTINGS]
            : read().overrides[name as NumberSettingName],
        ).toBe(value)
    }),
  )
})

test('docs/deploy.md lists every setting of the stack, with default and range', () => {
  const page = readFileSync('docs/deploy.md', 'utf8')
  const explained = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(SETTING_NAMES.filter((name) => !(name in NUMBER_SETTINGS))).toEqual(
    explained.filter((name) => SETTING_NAMES.includes(name ?? '')),
  )
  for (const [name, { default: defaultValue, min, max }] of Object.entries(STACK_NUMBER_SETTINGS))
    expect(page).toContain(`| \`${name}\` | ${defaultValue} | ${min} to ${max} |`)
})
