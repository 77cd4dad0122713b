import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { SetupError } from '../../lambda/errors.ts'
import { openConnection } from '../network/connection.ts'
import { printable } from '../terminal/escape.ts'

/** What other commands need to know about the importer that runs with a state folder. */
export interface Running {
  readonly s3Url: string
  readonly sqsUrl: string
  readonly importQueueUrl: string
  readonly deadLetterQueueUrl: string
  /** URL of the Kissmetrics emulator, if lines go there. */
  readonly emulatorUrl?: string
  /** Address of the page, with its token. */
  readonly consoleUrl?: string
  /** The folder that it imports from. */
  readonly watchedDir?: string
}

const FILE = 'running.json'
const ONLY_OWNER = 0o600
/** A busy importer answers late, and a port without a program answers at once. */
const PATIENCE_MS = 30_000

/** Writes the addresses of this local importer to the state folder, for other commands. Dispose to remove them. */
export async function announce(
  stateDir: string,
  { s3Url, sqsUrl, importQueueUrl, deadLetterQueueUrl }: Running,
  more: Pick<Running, 'emulatorUrl' | 'consoleUrl' | 'watchedDir'> = {},
): Promise<AsyncDisposable> {
  const file = path.join(stateDir, FILE)
  const running: Running = { s3Url, sqsUrl, importQueueUrl, deadLetterQueueUrl, ...more }
  await writeFile(file, `${JSON.stringify({ ...running, pid: process.pid }, null, 2)}\n`, { mode: ONLY_OWNER })
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
}

/** @returns undefined if no importer runs with the state folder. One that was killed leaves its file behind */
export async function findRunning(stateDir: string): Promise<Running | undefined> {
  const running = await read(stateDir)
  if (running === undefined) return undefined
  // `fetch` would load 60 ms of code that no command needs.
  return openConnection(new URL(running.s3Url), PATIENCE_MS).then(
    () => running,
    () => undefined,
  )
}

/** @throws SetupError that says where the other one is, if an importer runs with the state folder already */
export async function refuseSecond(stateDir: string): Promise<void> {
  const { pid = 0 } = (await read(stateDir)) ?? {}
  // The port may belong to another program by now.
  if (!isAlive(pid)) return
  const running = await findRunning(stateDir)
  if (running === undefined) return
  const { consoleUrl, watchedDir } = running
  const where = [
    ...(watchedDir === undefined ? [] : [`imports from ${printable(watchedDir)}`]),
    ...(consoleUrl === undefined ? [] : [`has its page at ${consoleUrl}`]),
  ]
  throw new SetupError(
    `An importer already runs with the state folder "${printable(stateDir)}"${where.length === 0 ? '' : `: it ${where.join(', and ')}`}. ` +
      `Use that one, or stop it (kill ${pid}); or name another folder with --state-dir.`,
  )
}

/** Only `announce` writes the file. */
async function read(stateDir: string): Promise<(Running & { readonly pid?: number }) | undefined> {
  const text = await readFile(path.join(stateDir, FILE), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Running)
}

function isAlive(pid: number): boolean {
  if (pid === 0 || pid === process.pid) return false
  try {
    return process.kill(pid, 0) // only asks
  } catch {
    return false
  }
}
