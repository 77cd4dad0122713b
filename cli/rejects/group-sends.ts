import { clock } from '../../lambda/adapters/clock.ts'
import { s3Documents } from '../../lambda/adapters/s3-documents.ts'
import { changeDocument } from '../../lambda/jobs/close-lines.ts'
import { closedLinesKey } from '../../lambda/keys.ts'
import type { LineRanges } from '../../lambda/common/line-ranges.ts'
import type { Clock } from '../../lambda/ports.ts'
import {
  readClosedGroups,
  withSend,
  withSendResults,
  type ClosedGroups,
  type GroupSend,
  type SendResults,
} from '../../lambda/settle/closed-groups.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { claimOutcome } from './claims.ts'
import { isUploaded } from './replay-records.ts'

/**
 * Which lines of the groups of one file were sent.
 *
 * A dead letter that is about one line is removed when that is sent. That of a group stays until all of its lines are, so a document says which
 * are. A replay notes lines there before it uploads them, with a conditional write: of several replays at the same time, one gets each line. If
 * it is killed, its file tells the next one whether they were sent.
 */
export class GroupSends {
  readonly #deployment: Pick<Deployment, 's3' | 'bucket'>
  readonly #source: DeadLetter['source']
  readonly #time: Pick<Clock, 'now'>

  constructor(
    deployment: Pick<Deployment, 's3' | 'bucket'>,
    { source }: Pick<DeadLetter, 'source'>,
    time: Pick<Clock, 'now'> = clock,
  ) {
    this.#deployment = deployment
    this.#source = source
    this.#time = time
  }

  /** Where it is stored. */
  get key(): string {
    return closedLinesKey(this.#source, 'groups')
  }

  /** Changes nothing. @throws NewerVersionError, or the error of S3 */
  async read(): Promise<ClosedGroups> {
    const { s3, bucket } = this.#deployment
    const found = await s3Documents(s3, bucket).find({ bucket, key: this.key })
    const groups = readClosedGroups(found?.value, this.key)
    return withSendResults(groups, await this.#resultsOf(groups))
  }

  /** Notes how the uploads of replays that were killed have ended. @throws NewerVersionError, or the error of S3 */
  async settle(): Promise<ClosedGroups> {
    const { sending = [] } = await this.#change((groups) => groups)
    const results = await this.#resultsOf({ sending })
    return this.#change((groups) => withSendResults(groups, results))
  }

  /** Takes lines for an upload. @returns those of them that no other replay has taken */
  async take(send: GroupSend): Promise<LineRanges> {
    const { sending = [] } = await this.#change((groups) => withSend(groups, send))
    return sending.find(({ run }) => run === send.run)?.lines ?? []
  }

  /** The upload has ended. */
  async noteUploaded(run: string): Promise<ClosedGroups> {
    return this.#change((groups) => withSendResults(groups, new Map([[run, 'uploaded']])))
  }

  async #resultsOf({ sending = [] }: Pick<ClosedGroups, 'sending'>): Promise<SendResults> {
    const results = new Map<string, 'uploaded' | 'abandoned'>()
    const now = { file: '', run: '', at: new Date(this.#time.now()).toISOString() }
    for (const send of sending) {
      const outcome = claimOutcome(send, now, await isUploaded(this.#deployment, send))
      if (outcome !== 'taken') results.set(send.run, outcome === 'sent' ? 'uploaded' : 'abandoned')
    }
    return results
  }

  #change(change: (groups: ClosedGroups) => ClosedGroups): Promise<ClosedGroups> {
    const { s3, bucket } = this.#deployment
    const [{ key }, documents] = [this, s3Documents(s3, bucket)]
    return changeDocument({ bucket, key }, (value) => readClosedGroups(value, key), change, { documents, clock })
  }
}
