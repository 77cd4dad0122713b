import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { tagOf, type SentFile } from './files.ts'
import type { SourceFiles } from '../../lambda/ports.ts'

const CHUNK_BYTES = 1_048_576

/**
 * The file, opened as an object in a bucket would be.
 *
 * @param begunAt when it was sent for the first time: its lines are measured against that, whenever it is gone on with
 */
export function asSourceFile({ path, name, file }: SentFile, begunAt: Date): SourceFiles {
  return {
    async open(_file, { start, end } = { start: 0 }) {
      const handle = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
        if (codeOf(cause) === 'ENOENT') return undefined
        throw new SetupError(`${name} cannot be read (${codeOf(cause)}). Give yourself access; the same command goes on.`, {
          cause,
        })
      })
      if (handle === undefined) return { kind: 'gone' }
      const stats = await handle.stat()
      const { size } = stats
      const etag = tagOf(stats)
      if (etag !== file.etag) {
        await handle.close()
        return { kind: 'superseded' }
      }
      const last = Math.min(end ?? size, size) - 1
      if (last < start) {
        await handle.close()
        return { kind: 'open', body: Readable.from([]), bytes: size, etag, lastModified: begunAt }
      }
      const body = handle.createReadStream({ start, end: last, highWaterMark: CHUNK_BYTES })
      return { kind: 'open', body, bytes: size, etag, lastModified: begunAt }
    },
  }
}
