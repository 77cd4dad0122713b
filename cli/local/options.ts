import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseEndpoint, shown } from '../../lambda/settings/addresses.ts'
import { TEXT_SETTINGS } from '../../lambda/settings/names.ts'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { readPort } from '../terminal/port-option.ts'

/** The flags of `km-import local` as typed. */
export interface LocalFlags {
  readonly once?: boolean
  readonly json?: boolean
  readonly samples: boolean
  readonly dropDir?: string
  readonly stateDir: string
  readonly endpoint?: string
  readonly apiKeyEnv: string
  readonly port?: string
  readonly open?: boolean
}

/** A tracking endpoint with its API key. */
export interface Target {
  readonly endpoint: URL
  readonly apiKey: string
}

export interface LocalOptions {
  readonly once: boolean
  readonly json: boolean
  readonly samples: boolean
  readonly watchedDir: string
  readonly stateDir: string
  /** The endpoint that commands are sent to; undefined: the Kissmetrics emulator. */
  readonly target: Target | undefined
  /** First of four consecutive ports: S3, SQS, Kissmetrics emulator, page. 0: any free ports. */
  readonly port: number
  /** Opens the page in the user's browser. */
  readonly isOpening: boolean
}

export const DEFAULT_WATCHED_DIR = 'drop'
export const DEFAULT_STATE_DIR = '.km-import'

/** @throws SetupError that names the flag, its value and what to do */
export async function readOptions(flags: LocalFlags, env: NodeJS.ProcessEnv): Promise<LocalOptions> {
  const { endpoint, apiKeyEnv } = flags
  const target = endpoint === undefined ? undefined : readTarget(endpoint, apiKeyEnv, '--endpoint', env)
  const port = readPort(flags.port, 4)
  return {
    once: flags.once === true,
    json: flags.json === true,
    samples: flags.samples,
    watchedDir: await readWatchedDir(flags.dropDir),
    stateDir: await readStateDir(flags.stateDir),
    target,
    port,
    isOpening: flags.open === true,
  }
}

/**
 * Reads the address and the API key of a real endpoint.
 *
 * @param what names what needs the key, for the message
 * @throws SetupError
 */
export function readTarget(endpoint: string, apiKeyEnv: string, what: string, env: NodeJS.ProcessEnv): Target {
  const url = parseEndpoint(endpoint, '--endpoint')
  const apiKey = env[apiKeyEnv]?.trim() ?? ''
  if (!/^[a-z_]\w*$/i.test(apiKeyEnv) || shown(apiKeyEnv) !== `"${apiKeyEnv}"`)
    throw new SetupError(
      '--api-key-env needs the name of an environment variable, and never the key itself. ' +
        `Put the key into a variable (export ${DEFAULT_API_KEY_ENV}=…), and name that one or leave the option out.`,
    )
  if (apiKey === '') {
    throw new SetupError(
      `No API key: the environment variable ${apiKeyEnv} is not set, and ${what} needs one. ` +
        `Set it (export ${apiKeyEnv}=…), or name another variable with --api-key-env.`,
    )
  }
  return { endpoint: url, apiKey }
}

/** Creates the default folder if it is missing. A folder that the user named must exist: a mistyped one would stay empty forever. */
async function readWatchedDir(named: string | undefined): Promise<string> {
  const folder = path.resolve(named ?? DEFAULT_WATCHED_DIR)
  if (named === undefined) await createFolder(folder, 'The drop folder')
  const stats = await stat(folder).catch(() => undefined)
  if (stats === undefined)
    throw new SetupError(`--drop-dir is "${folder}": there is no such folder. Create it (mkdir -p), or name another.`)
  if (!stats.isDirectory())
    throw new SetupError(`--drop-dir is "${folder}": that is not a folder. Name the folder that you put files into.`)
  await access(folder, constants.R_OK | constants.X_OK).catch((cause: unknown) => {
    throw new SetupError(`--drop-dir is "${folder}": you may not read it. Give yourself access (chmod u+rx), or name another.`, {
      cause,
    })
  })
  return folder
}

async function readStateDir(named: string): Promise<string> {
  const folder = path.resolve(named)
  await createFolder(folder, '--state-dir', ONLY_OWNER)
  await access(folder, constants.R_OK | constants.W_OK).catch((cause: unknown) => {
    throw new SetupError(
      `--state-dir is "${folder}": you may not write to it. Give yourself access (chmod u+rwx), or name another.`,
      { cause },
    )
  })
  return folder
}

const ONLY_OWNER = 0o700

async function createFolder(folder: string, what: string, mode?: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode }).catch((cause: unknown) => {
    throw new SetupError(`${what} is "${folder}": it could not be created (${codeOf(cause)}). Name another folder.`, { cause })
  })
}

export const DEFAULT_API_KEY_ENV = TEXT_SETTINGS.apiKey
