import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import type { Credentials } from '../../emulators/signature.ts'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { printable, shellWord } from '../terminal/escape.ts'

const LocalCredentials = v.object({ accessKeyId: v.string(), secretAccessKey: v.string(), apiKey: v.string() })

/** What a program needs to use the emulators. Neither a web page nor another user of this computer can know it. */
export interface LocalCredentials extends Credentials {
  /** For the Kissmetrics emulator. */
  readonly apiKey: string
}

const FILE = 'credentials.json'
const AWS_CREDENTIALS = 'aws-credentials'
const AWS_CONFIG = 'aws-config'
const ONLY_OWNER = 0o600

/**
 * The credentials of a state folder, for the importer that runs there. The first time, they are drawn at random.
 *
 * @throws SetupError if the file is damaged
 */
export async function openCredentials(stateDir: string): Promise<LocalCredentials> {
  const fresh: LocalCredentials = {
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(24).toString('hex'),
    apiKey: randomBytes(20).toString('hex'),
  }
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  // Another start may write it at the same time: the first one counts.
  const text = `${JSON.stringify(fresh, null, 2)}\n`
  await writeFile(path.join(stateDir, FILE), text, { flag: 'wx', mode: ONLY_OWNER }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  return readCredentials(stateDir)
}

/** The credentials of a state folder that an importer has opened. @throws SetupError if there are none, or the file is damaged */
export async function readCredentials(stateDir: string): Promise<LocalCredentials> {
  const file = path.join(stateDir, FILE)
  try {
    return v.parse(LocalCredentials, JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const problem =
      codeOf(cause) === 'ENOENT'
        ? 'is missing. Stop the importer that runs with this state folder, and start it again'
        : 'is damaged. Delete it: the next start writes a new one'
    throw new SetupError(`${printable(file)} ${problem}.`, { cause })
  }
}

/** Writes a profile for the AWS command line and the SDKs. */
export async function writeAwsProfile(
  stateDir: string,
  { accessKeyId, secretAccessKey }: Credentials,
  { s3Url, sqsUrl }: { readonly s3Url: string; readonly sqsUrl: string },
): Promise<void> {
  const credentials = `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
  const config =
    `[default]\nregion = us-east-1\nservices = emulators\n\n` +
    `[services emulators]\ns3 =\n  endpoint_url = ${s3Url}\nsqs =\n  endpoint_url = ${sqsUrl}\n`
  await writeFile(path.join(stateDir, AWS_CREDENTIALS), credentials, { mode: ONLY_OWNER })
  await writeFile(path.join(stateDir, AWS_CONFIG), config, { mode: ONLY_OWNER })
}

/** The variables that make the AWS command line use the profile, to write before a command. */
export function awsProfileVariables(stateDir: string): string {
  const fileOf = (name: string): string => shellWord(printable(path.join(stateDir, name)))
  return `AWS_CONFIG_FILE=${fileOf(AWS_CONFIG)} AWS_SHARED_CREDENTIALS_FILE=${fileOf(AWS_CREDENTIALS)}`
}
