import type { Absence } from '../../lambda/ports.ts'
import { countLines } from '../../lambda/common/line-ranges.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { groupIdOf, groupLineId } from './group-id.ts'
import { readGroups, type WantedGroup } from './group-lines.ts'
import type { PulledRow } from './pulled-rows.ts'
import { sentLinesOf } from './sent-lines.ts'

/** A group whose lines were not all found. */
export interface UnreadGroup {
  readonly key: string
  readonly reason: string
  /** Lines that were not found. */
  readonly lines: number
  /** `damaged`: the file does not have these lines, or only its beginning can be read. */
  readonly why: Absence | 'damaged'
}

/** What `rejects pull` found of dead letters that many lines share. */
export interface GroupCounts {
  readonly groups: number
  /** Lines that were written. */
  readonly lines: number
  /** Lines that an earlier replay has sent, or that another one is sending. */
  readonly sentBefore: number
  readonly unread: readonly UnreadGroup[]
}

interface Pulled {
  /** Message id. */
  readonly id: string
  readonly deadLetter: DeadLetter
}

/** Dead letters that many lines share: `rejects pull` reads these lines from their files. */
export class PulledGroups {
  readonly #groups = new Map<string, Pulled>()
  readonly #counts: { lines: number; sentBefore: number; unread: UnreadGroup[] } = { lines: 0, sentBefore: 0, unread: [] }

  /** A second dead letter about the same group, which a run that was killed has left, has no rows of its own. */
  add(pulled: Pulled): void {
    const id = groupIdOf(pulled.deadLetter)
    const known = this.#groups.get(id)
    if (known === undefined || linesOf(known) < linesOf(pulled)) this.#groups.set(id, pulled)
  }

  get counts(): GroupCounts {
    return { groups: this.#groups.size, ...this.#counts }
  }

  /** A row for each line that was not sent. If the file is not there any more, one row for the group, with its examples. */
  async *rows(deployment: Deployment, signal: AbortSignal): AsyncGenerator<PulledRow> {
    const files = Map.groupBy(this.#groups.values(), ({ deadLetter: { source, rules } }) =>
      JSON.stringify([source.bucket, source.key, source.versionId, source.etag, rules]),
    )
    for (const pulled of files.values()) {
      if (signal.aborted) return
      yield* this.#rowsOf(pulled, deployment, signal)
    }
  }

  async *#rowsOf(pulled: readonly Pulled[], deployment: Deployment, signal: AbortSignal): AsyncGenerator<PulledRow> {
    const wanted = await Promise.all(pulled.map(({ deadLetter }) => wantedGroup(deadLetter, deployment)))
    const idOf = new Map(wanted.map(({ deadLetter }) => [deadLetter.reason, groupIdOf(deadLetter)]))
    const left = new Map(wanted.map(({ deadLetter, without }) => [deadLetter.reason, linesIn(deadLetter) - countLines(without)]))
    for (const { without } of wanted) this.#counts.sentBefore += countLines(without)
    const read = await readGroups(wanted, deployment)
    if (read.kind === 'open')
      for await (const deadLetter of read.lines) {
        if (signal.aborted) return
        const { reason, source } = deadLetter
        left.set(reason, (left.get(reason) ?? 0) - 1)
        this.#counts.lines += 1
        yield { id: groupLineId({ group: idOf.get(reason) ?? '', line: source.line ?? 0 }), deadLetter }
      }
    for (const { id, deadLetter } of pulled) {
      const { reason, source } = deadLetter
      const lines = left.get(reason) ?? 0
      if (lines <= 0) continue
      const why = read.kind === 'open' ? 'damaged' : read.kind
      this.#counts.unread.push({ key: source.key, reason, lines, why })
      yield { id, deadLetter }
    }
  }
}

async function wantedGroup(deadLetter: DeadLetter, deployment: Deployment): Promise<WantedGroup> {
  return { deadLetter, without: await sentLinesOf(deployment, deadLetter) }
}

function linesOf({ deadLetter }: Pulled): number {
  return linesIn(deadLetter)
}

function linesIn({ group }: DeadLetter): number {
  return group?.lines ?? 0
}
