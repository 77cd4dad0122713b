import { constants, type Stats } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '../../../lambda/errors.ts'
import { shellWord } from '../../terminal/escape.ts'
import { counted } from '../../terminal/numbers.ts'
import { findingsOf, type Finding } from '../finding.ts'

const MEGABYTE = 1_000_000
/** Files, queues and reports of an import are kept twice at most, for as long as they are worked on. */
const ENOUGH_BYTES = 1_000 * MEGABYTE
const OTHERS = 0o077

/** The state folder: it holds personal data, the queues and the credentials of the emulators. */
export async function checkStateFolder(folder: string, freeBytes = freeBytesAt): Promise<readonly Finding[]> {
  const { ok, warning, wrong } = findingsOf('state folder')
  const found = await find(folder)
  if (found === undefined) {
    const parent = path.dirname(folder)
    return (await isAllowed(parent, constants.W_OK))
      ? [ok(`${folder} does not exist yet; the first start creates it.`)]
      : [wrong(`${folder} does not exist, and you may not create it. Name another one with --state-dir.`)]
  }
  if (!found.isDirectory()) return [wrong(`${folder} is not a folder. Name another one with --state-dir.`)]
  if (!(await isAllowed(folder, constants.R_OK | constants.W_OK)))
    return [wrong(`You may not write to ${folder}.`, `chmod u+rwx ${shellWord(folder)}`)]
  const megabytes = Math.floor((await freeBytes(folder)) / MEGABYTE)
  const room = `${counted(megabytes, 'MB', 'MB')} free`
  return [
    ...((found.mode & OTHERS) === 0 || process.platform === 'win32'
      ? [ok(`${folder} belongs to you alone.`)]
      : [warning(`Other users may look into ${folder}, which holds personal data.`, `chmod go-rwx ${shellWord(folder)}`)]),
    megabytes * MEGABYTE >= ENOUGH_BYTES
      ? ok(`Its disk has ${room}.`)
      : warning(`Its disk has only ${room}. An import stops, and loses nothing, if it is full.`),
  ]
}

/** The folder that files are dropped into. @param isNamed whether the user has named it: only the default one is created */
export async function checkDropFolder(folder: string, isNamed: boolean): Promise<readonly Finding[]> {
  const { ok, wrong } = findingsOf('drop folder')
  const found = await find(folder)
  if (found === undefined)
    return isNamed
      ? [wrong(`${folder} does not exist.`, `mkdir -p ${shellWord(folder)}`)]
      : [ok(`${folder} does not exist yet; the first start creates it.`)]
  if (!found.isDirectory()) return [wrong(`${folder} is not a folder. Name the folder that you put files into with --drop-dir.`)]
  return (await isAllowed(folder, constants.R_OK | constants.X_OK))
    ? [ok(`${folder} can be read.`)]
    : [wrong(`You may not read ${folder}.`, `chmod u+rx ${shellWord(folder)}`)]
}

async function find(folder: string): Promise<Stats | undefined> {
  return stat(folder).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined
    throw error
  })
}

async function isAllowed(folder: string, mode: number): Promise<boolean> {
  return access(folder, mode).then(
    () => true,
    () => false,
  )
}

async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
