import * as v from 'valibot'
import { SetupError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import { BRAKE_KEY, versionOf } from '../keys.ts'
import { refuseNewer } from '../common/schema.ts'

export const BRAKE_SCHEMA = 'kissmetrics-importer/brake/v1'

/** Every invocation reads all of them every few seconds, so there must not be many. */
export const MAX_CANCELLATIONS = 100

const Name = v.pipe(v.string(), v.minLength(1))
const Time = v.pipe(v.string(), v.isoTimestamp())

// Unknown fields are kept: a newer version may need them.
const CancellationBody = v.looseObject({ key: Name, version: Name, at: Time })

const BrakeBody = v.looseObject({
  schema: v.literal(BRAKE_SCHEMA),
  paused: v.exactOptional(v.looseObject({ since: Time })),
  limit: v.exactOptional(v.looseObject({ linesPerSecond: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) })),
  cancelled: v.array(CancellationBody),
})

/** What people have ordered for the whole importer: a document that every invocation reads at its start and every few seconds. */
export type Brake = v.InferOutput<typeof BrakeBody>

/** The order to stop the import of one version of a file. */
export type Cancellation = v.InferOutput<typeof CancellationBody>

/** What a brake orders for one file. */
export type Order =
  /** @param at when a person has cancelled the import, ISO 8601 */
  | { readonly kind: 'cancelled'; readonly at: string }
  /** @param since when a person has paused all imports, ISO 8601 */
  | { readonly kind: 'paused'; readonly since: string }

export const NO_BRAKE: Brake = Object.freeze({ schema: BRAKE_SCHEMA, cancelled: [] })

/**
 * @param value the stored document; undefined if there is none
 * @throws NewerVersionError, or SetupError for a document that somebody has damaged: it may say that nothing must be sent
 */
export function parseBrake(found: { readonly value: unknown } | undefined): Brake {
  if (found === undefined) return NO_BRAKE
  refuseNewer(found.value, BRAKE_SCHEMA, BRAKE_KEY)
  const parsed = v.safeParse(BrakeBody, found.value)
  if (parsed.success) return parsed.output
  throw new SetupError(
    `${BRAKE_KEY} in the bucket of the importer is damaged: it is not a ${BRAKE_SCHEMA} document. Nothing is sent until it is right. ` +
      'Restore its previous version, or delete it: then nothing is paused, cancelled or limited.',
  )
}

/** A cancelled file stays cancelled, whether or not imports are paused. */
export function orderFor({ paused, cancelled }: Brake, file: SourceFile): Order | undefined {
  const cancellation = cancelled.find(({ key, version }) => key === file.key && version === versionOf(file))
  if (cancellation !== undefined) return { kind: 'cancelled', at: cancellation.at }
  return paused && { kind: 'paused', since: paused.since }
}

/** @param since ISO 8601. If imports are paused already, the earlier time stays */
export function withPause(brake: Brake, since: string): Brake {
  return { ...brake, paused: brake.paused ?? { since } }
}

export function withoutPause({ paused: _paused, ...rest }: Brake): Brake {
  return rest
}

export function withLimit(brake: Brake, linesPerSecond: number): Brake {
  return { ...brake, limit: { ...brake.limit, linesPerSecond } }
}

export function withoutLimit({ limit: _limit, ...rest }: Brake): Brake {
  return rest
}

/** @returns undefined if there are too many cancellations. One that is there already stays as it is */
export function withCancellation(brake: Brake, cancellation: Cancellation): Brake | undefined {
  const { cancelled } = brake
  if (cancelled.some(({ key, version }) => key === cancellation.key && version === cancellation.version)) return brake
  return cancelled.length < MAX_CANCELLATIONS ? { ...brake, cancelled: [...cancelled, cancellation] } : undefined
}
