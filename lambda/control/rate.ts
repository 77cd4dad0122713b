import * as v from 'valibot'
import type { RateShares } from '../deliver/rate-share.ts'
import { RATE_KEY } from '../keys.ts'
import { refuseNewer } from '../common/schema.ts'

export const RATE_SCHEMA = 'kissmetrics-importer/rate/v1'

// Unknown fields are kept: a newer version may need them.
const RateBody = v.looseObject({
  schema: v.literal(RATE_SCHEMA),
  limit: v.number(),
  holders: v.array(v.looseObject({ run: v.string(), share: v.number(), wants: v.exactOptional(v.number()), until: v.number() })),
})

/**
 * @param value the stored document; undefined if there is none
 * @returns undefined also for a damaged document: the shares in it end soon, like those of runs that were killed
 * @throws NewerVersionError
 */
export function parseRate(value: unknown): RateShares | undefined {
  refuseNewer(value, RATE_SCHEMA, RATE_KEY)
  const { success, output } = v.safeParse(RateBody, value)
  return success ? output : undefined
}

/** The shares as the document that is stored. */
export function rateDocument(shares: RateShares): object {
  return { ...shares, schema: RATE_SCHEMA }
}
