import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { SetupError } from '../../lambda/errors.ts'
import { BUCKET, useEmulators } from '../local/addresses.ts'
import type { LocalServices } from '../local/services.ts'

/** Which importer a command is about: the flags that all such commands have. */
export interface DeploymentFlags {
  /** Name of a deployed stack; left out, local mode is meant. */
  readonly stack?: string
  readonly stateDir: string
}

/** An importer, deployed or on this computer, as a command reaches it. */
export interface Deployment {
  /** Of the stack, or that it is on this computer. */
  readonly name: string
  /** Where the stand-in for Kissmetrics can be asked, where lines go to it. */
  readonly emulatorUrl?: string
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly bucket: string
  readonly importQueueUrl: string
  readonly deadLetterQueueUrl: string
}

type Addresses = Pick<LocalServices, 's3Url' | 'sqsUrl' | 'importQueueUrl' | 'deadLetterQueueUrl'> &
  Pick<Deployment, 'emulatorUrl'>

const THIS_COMPUTER = 'this computer'

const FILE = 'running.json'

/** @throws SetupError where there is no such importer */
export function findDeployment({ stack, stateDir }: DeploymentFlags): Promise<Deployment> {
  return stack === undefined ? findLocal(stateDir) : findStack(stack)
}

/** Has other commands find the importer that runs on this computer, until it is disposed of. */
export async function announce(
  stateDir: string,
  { s3Url, sqsUrl, importQueueUrl, deadLetterQueueUrl }: LocalServices,
  emulatorUrl?: string,
): Promise<AsyncDisposable> {
  const file = path.join(stateDir, FILE)
  const addresses: Addresses = {
    s3Url,
    sqsUrl,
    importQueueUrl,
    deadLetterQueueUrl,
    ...(emulatorUrl !== undefined && { emulatorUrl }),
  }
  await writeFile(file, `${JSON.stringify(addresses, null, 2)}\n`)
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
}

async function findLocal(stateDir: string): Promise<Deployment> {
  const notRunning = new SetupError(
    `Nothing runs with the state in "${path.resolve(stateDir)}". Start local mode there (npm start), name its --state-dir, or name a deployed --stack.`,
  )
  const text = await readFile(path.join(stateDir, FILE), 'utf8').catch(() => {
    throw notRunning
  })
  const { s3Url, sqsUrl, ...rest } = JSON.parse(text) as Addresses // only local mode writes it
  // A killed one leaves its file behind.
  await fetch(s3Url).catch(() => {
    throw notRunning
  })
  useEmulators(s3Url, sqsUrl)
  return { name: THIS_COMPUTER, s3: new S3Client({}), sqs: new SQSClient({}), bucket: BUCKET, ...rest }
}

/** The importer that runs in this very process. */
export function deploymentOf({ s3, sqs, importQueueUrl, deadLetterQueueUrl }: LocalServices, emulatorUrl?: string): Deployment {
  return {
    name: THIS_COMPUTER,
    s3,
    sqs,
    bucket: BUCKET,
    importQueueUrl,
    deadLetterQueueUrl,
    ...(emulatorUrl !== undefined && { emulatorUrl }),
  }
}

/** Credentials and region come as the AWS command line takes them: environment, profile, role. */
async function findStack(name: string): Promise<Deployment> {
  // Loaded only here: whoever works on this computer does not wait for it.
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation')
  const { Stacks } = await new CloudFormationClient({})
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new SetupError(`--stack is "${name}": it cannot be looked up (${why}). Check name, region and credentials.`, {
        cause,
      })
    })
  const outputs = new Map(Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]))
  const output = (key: string): string => {
    const value = outputs.get(key)
    if (value !== undefined) return value
    throw new SetupError(`--stack is "${name}": it has no output ${key}. Name a stack of this importer, or deploy it again.`)
  }
  return {
    name,
    s3: new S3Client({}),
    // An endpoint that the user has set counts, also where the address of a queue names another.
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
    bucket: output('BucketName'),
    importQueueUrl: output('ImportQueueUrl'),
    deadLetterQueueUrl: output('DeadLetterQueueUrl'),
  }
}

/** How long the dead-letter queue keeps a letter, in seconds. */
export async function keptSeconds({ sqs, deadLetterQueueUrl }: Deployment): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ['MessageRetentionPeriod'] }),
  )
  return Number(Attributes?.MessageRetentionPeriod)
}
