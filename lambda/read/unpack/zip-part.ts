import { UnreadableFile } from '../unreadable.ts'

/** What was read of a file in an archive, to be compared with its header. */
export interface ZipSums {
  crc: number
  packedBytes: number
  unpackedBytes: number
}

export function cutOff(): UnreadableFile {
  return new UnreadableFile('the zip data is cut off')
}

export function damaged(): UnreadableFile {
  return new UnreadableFile('the zip data is damaged')
}
