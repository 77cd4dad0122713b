import { statfs } from 'node:fs/promises'
import { SetupError } from '../../lambda/errors.ts'
import { printable } from '../terminal/output.ts'

/** Kept free for checkpoints, reports and queues, so that a full disk is found before it stops them. */
const RESERVE_BYTES = 8 * 1_048_576

/**
 * Checks that the disk of the state folder has room.
 *
 * @param bytes that are about to be written
 * @throws SetupError that says how much is missing
 */
export async function checkDiskSpace(stateDir: string, bytes = 0): Promise<void> {
  const { bavail, bsize } = await statfs(stateDir)
  const missing = bytes + RESERVE_BYTES - bavail * bsize
  if (missing > 0) throw diskFull(stateDir, `${megabytes(missing)} MB more are needed`)
}

/** The error of a full disk as one that the user understands. Returns other errors unchanged. */
export function asDiskFull(error: Error, stateDir: string): Error {
  const isFull = /ENOSPC|EDQUOT|database or disk is full/.test(error.message)
  return isFull ? diskFull(stateDir, 'more room is needed') : error
}

function diskFull(stateDir: string, what: string): SetupError {
  return new SetupError(
    `The disk of the state folder "${printable(stateDir)}" is full: ${what}. Nothing was lost. ` +
      'Make room, or name a folder on another disk with --state-dir, then run the same command again.',
  )
}

function megabytes(bytes: number): string {
  return Math.ceil(bytes / 1_000_000).toLocaleString('en-US')
}
