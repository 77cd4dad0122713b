import { DIRECTORY_BYTES, findArchiveFault, readDirectory } from '../zip/directory.ts'

/** Reads the last bytes of a file: as many as asked for, or all. */
export type ReadEnd = (bytes: number) => Promise<{ readonly tail: Uint8Array; readonly fileBytes: number }>

/**
 * Why a zip archive is not imported. Its end says how many files it has, so it is rejected before a line of the first one is sent.
 *
 * @returns undefined too if the end is missing: then everything that can be read is read, as of any file that is cut off
 */
export async function findZipFault(readEnd: ReadEnd): Promise<string | undefined> {
  const { tail, fileBytes } = await readEnd(DIRECTORY_BYTES)
  return findArchiveFault(readDirectory(tail, fileBytes))
}
