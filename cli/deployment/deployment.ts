import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SetupError } from '../../lambda/errors.ts'
import { parsePlaces, type Place } from '../../lambda/settings/places.ts'
import { BUCKET, useEmulators } from '../local/addresses.ts'
import { readCredentials } from '../local/credentials.ts'
import type { LocalServices } from '../local/services.ts'
import type { SendTarget } from './send-target.ts'
import { findRunning } from './running.ts'
import { describeStack } from './stack.ts'

/** The options that choose an importer. Every command that needs one has them. */
export interface DeploymentFlags {
  /** Name of a deployed stack. Left out: the importer that runs on this computer. */
  readonly stack?: string
  readonly stateDir: string
}

/** An importer, deployed or on this computer, and the clients that reach it. */
export interface Deployment extends SendTarget {
  /** The name of the stack, or "this computer". */
  readonly name: string
  /** For the page: the options that choose it, for commands in hints. ` --stack NAME`, or left out if none are needed. */
  readonly deploymentOptions?: string
  /** The secret with the API key; left out if the key was passed directly. */
  readonly apiKeySecretArn?: string
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly bucket: string
  /** Where files are uploaded to. */
  readonly places: readonly Place[]
  /** On this computer: the folder that files are imported from. */
  readonly watchedDir?: string
  readonly importQueueUrl: string
  readonly deadLetterQueueUrl: string
  /** Number settings of the function of a stack that differ from the defaults, by name. Left out: those of this computer. */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether the queue deletes dead letters that are too old. On this computer none expires. */
  readonly deadLettersExpire: boolean
}

const THIS_COMPUTER = 'this computer'

/** @throws SetupError if the importer is not found */
export function findDeployment({ stack, stateDir }: DeploymentFlags): Promise<Deployment> {
  return stack === undefined ? findLocal(stateDir) : findStack(stack)
}

async function findLocal(stateDir: string): Promise<Deployment> {
  const running = await findRunning(stateDir)
  if (running === undefined)
    throw new SetupError(
      `No importer runs with the state folder "${path.resolve(stateDir)}". Start one with npm start, or choose another one with --state-dir or --stack.`,
    )
  const { s3Url, sqsUrl, importQueueUrl, deadLetterQueueUrl, emulatorUrl, endpointHost, keyEnding, watchedDir } = running
  useEmulators(s3Url, sqsUrl, await readCredentials(stateDir))
  return localDeployment(
    { s3: new S3Client({}), sqs: new SQSClient({}), importQueueUrl, deadLetterQueueUrl },
    {
      ...(emulatorUrl !== undefined && { emulatorUrl }),
      ...(endpointHost !== undefined && { endpointHost }),
      ...(keyEnding !== undefined && { keyEnding }),
      ...(watchedDir !== undefined && { watchedDir }),
    },
  )
}

/** The importer on this computer. */
export function localDeployment(
  { s3, sqs, importQueueUrl, deadLetterQueueUrl }: Pick<LocalServices, 's3' | 'sqs' | 'importQueueUrl' | 'deadLetterQueueUrl'>,
  target: SendTarget & Pick<Deployment, 'watchedDir' | 'deploymentOptions'> = {},
): Deployment {
  return {
    name: THIS_COMPUTER,
    s3,
    sqs,
    bucket: BUCKET,
    places: parsePlaces(undefined, BUCKET),
    importQueueUrl,
    deadLetterQueueUrl,
    deadLettersExpire: false,
    ...target,
  }
}

async function findStack(name: string): Promise<Deployment> {
  const { outputs } = await describeStack(name)
  const output = (key: string): string => {
    const value = outputs.get(key)
    if (value !== undefined) return value
    throw new SetupError(
      `--stack is "${name}": the stack has no output ${key}. Name a stack of this importer, or deploy that stack again.`,
    )
  }
  const [endpoint, apiKeySecretArn] = [outputs.get('Endpoint'), outputs.get('ApiKeySecretArn')]
  return {
    name,
    ...(endpoint !== undefined && { endpointHost: new URL(endpoint).host }),
    ...(apiKeySecretArn !== undefined && { apiKeySecretArn }),
    s3: new S3Client({}),
    // An endpoint from the user's environment takes precedence over the host in the queue URL.
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
    bucket: output('BucketName'),
    // A stack that imports only what is under incoming/ in its own bucket does not have this output.
    places: parsePlaces(outputs.get('Sources'), output('BucketName')),
    importQueueUrl: output('ImportQueueUrl'),
    deadLetterQueueUrl: output('DeadLetterQueueUrl'),
    deadLettersExpire: true,
    settings: readSettingsOutput(outputs.get('Settings')),
  }
}

/** What the stack writes into its output: numbers by name. A stack with the defaults has no such output. */
function readSettingsOutput(text = '{}'): Readonly<Record<string, string>> {
  const values = JSON.parse(text) as Readonly<Record<string, number>>
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}
