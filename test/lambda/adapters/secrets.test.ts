import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { apiKeySource } from '../../../lambda/adapters/secrets.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf'

let server: Server
let requests = 0
let answer: { readonly status: number; readonly body: unknown }
beforeAll(async () => {
  server = createServer((_request, response) => {
    requests += 1
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
  requests = 0
})

const holds = (SecretString: string): void => {
  answer = { status: 200, body: { ARN, SecretString } }
}

test('the key is cached for five minutes, so that a rotated key is used soon', async () => {
  let now = 0
  const source = apiKeySource({ secretArn: ARN }, () => now)
  holds(' first\n')
  expect([await source(), await source()]).toEqual(['first', 'first'])
  expect(requests).toBe(1)
  holds('second')
  now = 5 * 60_000
  expect(await source()).toBe('first')
  now += 1
  expect(await source()).toBe('second')
})

test('a key from the settings needs no request', async () => {
  expect(await apiKeySource({ value: 'k' }, () => 0)()).toBe('k')
  expect(requests).toBe(0)
})

describe('a secret without a key is a SetupError that shows the command to store one', () => {
  // prettier-ignore
  test.each([
    //  the secret                the response                                                                 the message
    [ 'was never filled',         { status: 400, body: { __type: 'ResourceNotFoundException', message: 'x' } },  'has no value' ],
    [ 'is empty',                 { status: 200, body: { ARN, SecretString: '' } },                             'does not contain an API key' ],
    [ 'holds only white space',   { status: 200, body: { ARN, SecretString: ' \n' } },                          'does not contain an API key' ],
    [ 'holds two words',          { status: 200, body: { ARN, SecretString: 'a b' } },                          'does not contain an API key' ],
    [ 'holds bytes',              { status: 200, body: { ARN, SecretBinary: 'AAAA' } },                         'does not contain an API key' ],
  ])('it %s', async (_what, response, message) => {
    answer = response
    await expect(apiKeySource({ secretArn: ARN }, () => 0)()).rejects.toMatchObject({
      name: 'SetupError',
      message: expect.stringMatching(new RegExp(`${message}.*aws secretsmanager put-secret-value --secret-id ${ARN}`)) as unknown,
    })
  })
})
