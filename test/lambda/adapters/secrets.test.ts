import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { apiKeySource } from '../../../lambda/adapters/secrets.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf'

let server: Server
let asked = 0
let answer: { readonly status: number; readonly body: unknown }
beforeAll(async () => {
  server = createServer((_request, response) => {
    asked += 1
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer.body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
  })
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(() => {
  asked = 0
})

const holds = (SecretString: string): void => {
  answer = { status: 200, body: { ARN, SecretString } }
}

test('the key is read once, and again after five minutes, so that a new one is taken up', async () => {
  let now = 0
  const source = apiKeySource({ secretArn: ARN }, () => now)
  holds(' first\n')
  expect([await source(), await source()]).toEqual(['first', 'first'])
  expect(asked).toBe(1)
  holds('second')
  now = 5 * 60_000
  expect(await source()).toBe('first')
  now += 1
  expect(await source()).toBe('second')
})

test('outside of AWS nobody is asked', async () => {
  expect(await apiKeySource({ value: 'k' }, () => 0)()).toBe('k')
  expect(asked).toBe(0)
})

describe('a secret without a key is the set-up’s fault, and the message gives the command', () => {
  // prettier-ignore
  test.each([
    //  the secret                answers                                                                      and is said
    [ 'was never filled',         { status: 400, body: { __type: 'ResourceNotFoundException', message: 'x' } },  'has no value' ],
    [ 'is empty',                 { status: 200, body: { ARN, SecretString: '' } },                             'holds no API key' ],
    [ 'holds only white space',   { status: 200, body: { ARN, SecretString: ' \n' } },                          'holds no API key' ],
    [ 'holds two words',          { status: 200, body: { ARN, SecretString: 'a b' } },                          'holds no API key' ],
    [ 'holds bytes',              { status: 200, body: { ARN, SecretBinary: 'AAAA' } },                         'holds no API key' ],
  ])('it %s', async (_what, says, sentence) => {
    answer = says
    await expect(apiKeySource({ secretArn: ARN }, () => 0)()).rejects.toMatchObject({
      name: 'SetupError',
      message: expect.stringMatching(new RegExp(`${sentence}.*aws secretsmanager put-secret-value --secret-id ${ARN}`)) as unknown,
    })
  })
})
