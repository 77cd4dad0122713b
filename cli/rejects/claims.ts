import type { ArchivedDeadLetter, Claim } from '../../lambda/archive/archived.ts'

/** A claim holds this long if its file does not appear: as long as a dead letter of the queue is hidden. */
const CLAIM_MS = 300_000
/** A replay that has not started to upload by then must not upload: soon another one may take its dead letters. */
const MAX_CLAIM_AGE_MS = CLAIM_MS / 2

/** What a replay may do with an archived dead letter that it wants to send. */
export type ClaimOutcome =
  /** Send it: no other replay can. */
  | 'claimed'
  /** Leave it: another replay is about to send it, or has removed it. */
  | 'taken'
  /** Remove it: another replay has sent it, and was killed before it removed it. */
  | 'sent'

/**
 * Decides about an archived dead letter.
 *
 * @param existing the claim that it has
 * @param mine the claim of this replay
 * @param isUploaded whether the replay of the existing claim has uploaded its file
 */
export function claimOutcome(existing: Claim | undefined, mine: Claim, isUploaded: boolean): ClaimOutcome {
  // Its own: the answer to the write that claimed it was lost, and the SDK tried again.
  if (existing === undefined || existing.run === mine.run) return 'claimed'
  if (isUploaded) return 'sent'
  return Date.parse(mine.at) - Date.parse(existing.at) < CLAIM_MS ? 'taken' : 'claimed'
}

/** The dead letters of a file with the claim on those that this replay may send. */
export function withClaim(
  deadLetters: readonly ArchivedDeadLetter[],
  outcomes: ReadonlyMap<string, ClaimOutcome>,
  claim: Claim,
): readonly ArchivedDeadLetter[] {
  return deadLetters.map((deadLetter) => (outcomes.get(deadLetter.id) === 'claimed' ? { ...deadLetter, claim } : deadLetter))
}

export function withoutClaim({ claim: _claim, ...deadLetter }: ArchivedDeadLetter): ArchivedDeadLetter {
  return deadLetter
}

/** Whether a replay may upload the file of its claim. False if the process was stopped for minutes, e.g. because the computer slept. */
export function mayUpload({ at }: Claim, now: number): boolean {
  return now - Date.parse(at) < MAX_CLAIM_AGE_MS
}
