import type { SourceFile } from '../intake/source-file.ts'
import { DECISION_TAG } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { decideHeldFile, type PersonDecision } from './safety-decision.ts'

const DECISIONS: Readonly<Record<string, PersonDecision>> = { release: 'released', discard: 'discarded' }

/**
 * Releases or discards a held file whose tag asks for it, for people and programs that have access to S3 only. The event does not contain
 * the tags, and may arrive late or twice: what counts are the tags of exactly this version as they are now.
 *
 * @throws NewerVersionError, SetupError, or the error of S3 or SQS
 */
export async function decideTagged(file: SourceFile, ports: Ports): Promise<void> {
  const { tags, events } = ports
  const tag = (await tags.find(file))?.get(DECISION_TAG)?.trim().toLowerCase()
  if (tag === undefined) {
    events.ignored(`no tag ${DECISION_TAG}`)
    return
  }
  const decision = DECISIONS[tag]
  if (decision === undefined) {
    events.tagWithoutEffect(file.key, 'unknown_value')
    return
  }
  const { kind } = await decideHeldFile(file, decision, ports)
  if (kind === 'not-held') events.tagWithoutEffect(file.key, 'not_held')
  if (kind === 'too-late') events.tagWithoutEffect(file.key, 'too_late')
}
