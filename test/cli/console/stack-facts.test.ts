import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { expect, test } from '@jest/globals'
import { checkContext } from '../../../cli/console/check-context.ts'
import { reachabilityOf } from '../../../cli/console/reachability.ts'
import { localDeployment, type Deployment } from '../../../cli/deployment/deployment.ts'
import { startLocalServices } from '../../../cli/local/services.ts'
import { eventually, TEST_WIRING } from '../../support/installation.ts'

const NOWHERE = new URL('http://127.0.0.1:9')
const client = { region: 'us-east-1', endpoint: NOWHERE.href, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }

function deploymentOf(more: Partial<Deployment>): Deployment {
  const clients = { s3: new S3Client(client), sqs: new SQSClient(client), importQueueUrl: '', deadLetterQueueUrl: '' }
  return { ...localDeployment(clients), ...more }
}

test('a file for a stack is checked with the hold settings of the stack', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-stack-facts-'))
  const services = await startLocalServices(folder, 0, TEST_WIRING)
  const holdOf = async (more: Partial<Deployment>) =>
    (await checkContext({ ...localDeployment(services), ...more }, 'a.jsonl')).hold
  const local = await holdOf({})
  expect(await holdOf({ settings: {} })).toEqual(local)
  expect(await holdOf({ settings: { KM_HOLD_ALIASES: '7', KM_SEGMENT_BYTES: '67108864' } })).toEqual({ ...local, aliases: 7 })
  await services.stop()
  await rm(folder, { recursive: true })
})

test('an endpoint that this computer does not reach is named, and one that answers is not', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const closed = reachabilityOf(deploymentOf({ endpointHost: '127.0.0.1:9' }))
  const open = reachabilityOf(deploymentOf({ endpointHost: host }))
  expect(open()).toBeUndefined()
  const why = await eventually('the reason', () => Promise.resolve(closed()))
  expect(why).toMatch(/^http:\/\/127\.0\.0\.1:9 cannot be reached: nothing answers at this address and port \(ECONNREFUSED\)\./)
  expect(open()).toBeUndefined()
  server.close()
})

test.each([
  ['the emulator', { emulatorUrl: NOWHERE.href, endpointHost: NOWHERE.host }],
  ['the function of a stack, in another network', { endpointHost: NOWHERE.host, apiKeySecretArn: 'arn' }],
])('%s is not tried from this computer', async (_, target) => {
  const [reachability, known] = [target, { endpointHost: NOWHERE.host }].map((more) => reachabilityOf(deploymentOf(more)))
  reachability!()
  await eventually('the result for an endpoint that is tried', () => Promise.resolve(known!()))
  expect(reachability!()).toBeUndefined()
})
