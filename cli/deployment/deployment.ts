import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SetupError } from '../../lambda/errors.ts'
import { parsePlaces, type Place } from '../../lambda/settings.ts'
import { BUCKET, useEmulators } from '../local/addresses.ts'
import { readCredentials } from '../local/credentials.ts'
import type { LocalServices } from '../local/services.ts'
import { findRunning } from './running.ts'
import { describeStack } from './stack.ts'

/** The options that choose an importer. Every command that needs one has them. */
export interface DeploymentFlags {
  /** Name of a deployed stack. Left out: the importer that runs on this computer. */
  readonly stack?: string
  readonly stateDir: string
}

/** An importer, deployed or on this computer, and the clients that reach it. */
export interface Deployment {
  /** The name of the stack, or "this computer". */
  readonly name: string
  /** URL of the Kissmetrics emulator, if lines go there. */
  readonly emulatorUrl?: string
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly bucket: string
  /** Where files are uploaded to. */
  readonly places: readonly Place[]
  readonly importQueueUrl: string
  readonly deadLetterQueueUrl: string
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
  const { s3Url, sqsUrl, importQueueUrl, deadLetterQueueUrl, emulatorUrl } = running
  useEmulators(s3Url, sqsUrl, await readCredentials(stateDir))
  return localDeployment({ s3: new S3Client({}), sqs: new SQSClient({}), importQueueUrl, deadLetterQueueUrl }, emulatorUrl)
}

/** The importer on this computer. */
export function localDeployment(
  { s3, sqs, importQueueUrl, deadLetterQueueUrl }: Pick<LocalServices, 's3' | 'sqs' | 'importQueueUrl' | 'deadLetterQueueUrl'>,
  emulatorUrl?: string,
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
    ...(emulatorUrl !== undefined && { emulatorUrl }),
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
  return {
    name,
    s3: new S3Client({}),
    // An endpoint from the user's environment takes precedence over the host in the queue URL.
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
    bucket: output('BucketName'),
    // A stack that imports only what is under incoming/ in its own bucket does not have this output.
    places: parsePlaces(outputs.get('Sources'), output('BucketName')),
    importQueueUrl: output('ImportQueueUrl'),
    deadLetterQueueUrl: output('DeadLetterQueueUrl'),
    deadLettersExpire: true,
  }
}
