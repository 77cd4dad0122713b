import * as v from 'valibot'
import type { LineRanges } from '../common/line-ranges.ts'
import { refuseNewer } from '../common/schema.ts'
import { Ranges } from './closed-lines.ts'
import type { UndeliveredLine } from './replay-origins.ts'

const UNDELIVERED_SCHEMA = 'kissmetrics-importer/undelivered/v1'

const Line = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const ReplacedBody = v.object({
  bucket: v.string(),
  key: v.string(),
  versionId: v.exactOptional(v.string()),
  etag: v.exactOptional(v.string()),
  line: Line,
  countedAs: v.picklist(['rejected', 'undeliverable']),
  by: v.array(Line),
})

const UndeliveredBody = v.looseObject({
  schema: v.literal(UNDELIVERED_SCHEMA),
  lines: Ranges,
  replaced: v.exactOptional(v.array(ReplacedBody)),
})

/** A line of another file that lines of this one replace. It is delivered when all of them are. */
export interface Replaced extends UndeliveredLine {
  /** The lines of this file that were not delivered. */
  readonly by: readonly number[]
}

/** What closing the dead letters of a file needs to know about its import. Written once, before the final report. */
export interface Undelivered {
  /** As `UndeliveredLines` records them. */
  readonly lines: LineRanges
  /** Only for a file of fixed lines. */
  readonly replaced?: readonly Replaced[]
}

export function undeliveredDocument(undelivered: Undelivered): object {
  return { schema: UNDELIVERED_SCHEMA, ...undelivered }
}

/** @param key where it is stored @returns undefined if there is none @throws NewerVersionError */
export function readUndelivered(value: unknown, key: string): Undelivered | undefined {
  refuseNewer(value, UNDELIVERED_SCHEMA, key)
  const parsed = v.safeParse(UndeliveredBody, value)
  return parsed.success ? parsed.output : undefined
}
