import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import type { SourceFiles } from '../../lambda/ports.ts'
import { etagOf, type SentFile } from './files.ts'

const CHUNK_BYTES = 1_048_576

/**
 * Opens a local file as S3 would open an object.
 *
 * @param startedAt when the file was first sent. Its lines are validated against this date, also when a later run continues
 * @param replay of a file of fixed lines: the importer then asks for their origins under this name
 */
export function localSourceFiles({ path, name, source }: SentFile, startedAt: Date, replay?: string): SourceFiles {
  const rest = { lastModified: startedAt, ...(replay !== undefined && { replay }) }
  return {
    async open(_file, { start, end } = { start: 0 }) {
      const handle = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
        if (codeOf(cause) === 'ENOENT') return undefined
        throw new SetupError(
          `${name} cannot be read (${codeOf(cause)}). Check its permissions, then run the same command to continue.`,
          {
            cause,
          },
        )
      })
      if (handle === undefined) return { kind: 'gone' }
      const stats = await handle.stat()
      const { size } = stats
      const etag = etagOf(stats)
      if (etag !== source.etag) {
        await handle.close()
        return { kind: 'superseded' }
      }
      const last = Math.min(end ?? size, size) - 1
      if (last < start) {
        await handle.close()
        return { kind: 'open', body: Readable.from([]), bytes: size, etag, ...rest }
      }
      const body = handle.createReadStream({ start, end: last, highWaterMark: CHUNK_BYTES })
      return { kind: 'open', body, bytes: size, etag, ...rest }
    },
  }
}
