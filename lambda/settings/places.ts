import { SetupError } from '../errors.ts'
import { INCOMING_PREFIX } from '../keys.ts'
import { TEXT_SETTINGS } from './names.ts'

/** A place that files are uploaded to. */
export interface Place {
  readonly bucket: string
  /** '' for the whole bucket. */
  readonly prefix: string
}

/**
 * Parses a list of places, `s3://BUCKET/PREFIX,…`.
 *
 * @param text undefined for `incoming/` in the bucket of the importer
 * @throws SetupError
 */
export function parsePlaces(text: string | undefined, ownBucket: string): readonly Place[] {
  if (text === undefined || text === '') return [{ bucket: ownBucket, prefix: INCOMING_PREFIX }]
  return text.split(',').map((uri) => {
    const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri) ?? []
    if (bucket === undefined)
      throw new SetupError(
        `${TEXT_SETTINGS.sources} contains "${uri}": expected s3://BUCKET/PREFIX. The stack sets it: deploy again.`,
      )
    return { bucket, prefix }
  })
}
