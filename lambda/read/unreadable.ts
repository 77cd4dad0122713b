import { reject, type Rejection } from '../reasons.ts'

/** The content of a file cannot be read, and reading it again will not help: a person has to upload it again. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
  readonly code = 'file_unreadable'

  /** Why the file is rejected. */
  get rejection(): Rejection {
    return reject('object_unreadable', this.message)
  }
}

/** Nothing of the file can be read, because it is compressed in a way that is not supported. */
export class UnsupportedPacking extends UnreadableFile {
  override get rejection(): Rejection {
    return reject('unsupported_format', this.message)
  }
}
