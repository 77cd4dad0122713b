import { App } from 'aws-cdk-lib/core'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { addImporterStack } from '../../lib/importer-app.ts'

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const { CDK_DEFAULT_REGION, CDK_DEFAULT_ACCOUNT } = process.env

const printed: unknown[] = []
beforeEach(() => {
  printed.length = 0
  jest.spyOn(console, 'error').mockImplementation((text: unknown) => {
    printed.push(text)
  })
})
afterEach(() => {
  jest.restoreAllMocks()
  process.exitCode = undefined
  Object.assign(process.env, { CDK_DEFAULT_REGION, CDK_DEFAULT_ACCOUNT })
  if (CDK_DEFAULT_REGION === undefined) delete process.env['CDK_DEFAULT_REGION']
  if (CDK_DEFAULT_ACCOUNT === undefined) delete process.env['CDK_DEFAULT_ACCOUNT']
})

test('a setting of another region than that of the deployment is refused in a sentence', () => {
  Object.assign(process.env, { CDK_DEFAULT_REGION: 'us-east-1', CDK_DEFAULT_ACCOUNT: '111122223333' })
  expect(addImporterStack(new App(), { encryption: KEY })).toBeUndefined()
  expect(printed).toEqual([
    expect.stringMatching(/^encryption names the region eu-west-1, and the stack is deployed to us-east-1\./),
  ])
  expect(process.exitCode).toBe(1)
})

test('without credentials, the region of the deployment is not known', () => {
  process.env['CDK_DEFAULT_REGION'] = 'us-east-1'
  delete process.env['CDK_DEFAULT_ACCOUNT']
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } })
  expect(addImporterStack(app, { encryption: KEY })?.stackName).toBe('KissmetricsImporter')
  expect(printed).toEqual([])
})
