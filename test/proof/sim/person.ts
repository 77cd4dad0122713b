import { eventsFor } from '../../../lambda/events.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { DECISION_TAG, reportKey, safetyKey } from '../../../lambda/keys.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'
import type { FaultSource } from './fault-source.ts'
import type { ModelFile } from './model.ts'
import type { Observed } from './observed.ts'
import { eventOf, fileName } from './queue.ts'
import { Worker, type Rules } from './worker.ts'

/** A person looks at a file that waits for a decision this often. */
const LOOKS_EVERY_MS = 600_000

export interface PersonOptions {
  readonly file: ModelFile
  readonly clock: VirtualClock
  readonly rules: Rules
  readonly faults: FaultSource
  readonly observed: Pick<Observed, 'store' | 'queue' | 'deadLetters' | 'isAnswered'>
  readonly isOver: () => boolean
}

/**
 * A person who releases or discards a held file, from a given time on: with `km-import`, which is run again if it fails or is killed, or by a
 * tag in S3, which is set again if nothing happens.
 *
 * A file that could not be surveyed within short invocations is released. Resolves when the decision is made, or the file needs none.
 *
 * @returns whether the file was held
 */
export async function decideAsPerson({ file, clock, rules, faults, observed, isOver }: PersonOptions): Promise<boolean> {
  const decision = file.scenario.decision ?? ({ kind: 'released', at: 0 } as const)
  await clock.sleep(file.from - clock.now() + decision.at)
  let wasInterrupted = false
  while (!isOver()) {
    const safety = observed.store.read(safetyKey(file.source)) as Safety | undefined
    const isDecided = safety?.decision === decision.kind
    const canTag = decision.isByTag === true && clock.now() < file.to
    if (canTag && (safety?.decision === 'held' || isDecided)) {
      if (!isTagWaiting()) {
        if (isDecided) return true
        setTag()
      }
      await clock.sleep(LOOKS_EVERY_MS)
      continue
    }
    if (safety?.decision === 'held' || isDecided) {
      const result = await runCommand()
      if (result === 'decided' || result === 'decided-before') return true
      wasInterrupted = result === 'killed' || result === 'failed'
    }
    const report = observed.store.read(reportKey(file.source)) as Report | undefined
    if (report !== undefined && isFinal(report) && !wasInterrupted) return false
    await clock.sleep(LOOKS_EVERY_MS)
  }
  return false

  /** Whether the event of the tag has still to be handled. An event that S3 or SQS delivers is not lost. */
  function isTagWaiting(): boolean {
    const { queue, deadLetters } = observed
    const name = fileName(file.source)
    return [...queue.waiting.map(({ work }) => work), ...deadLetters.work].some(
      (work) => work.kind === 'tag' && work.file === name,
    )
  }

  function setTag(): void {
    observed.store.tag(file, DECISION_TAG, decision.kind === 'released' ? 'release' : 'discard')
    const now = clock.now()
    const events = faults.chance() < 0.2 ? 2 : 1
    for (let event = 0; event < events; event += 1)
      observed.queue.send(eventOf('ObjectTagging:Put', file.source), now, now + Math.floor(faults.chance() * 3_000))
  }

  async function runCommand(): Promise<string> {
    const { store, queue, isAnswered } = observed
    return new Promise((resolve) => {
      const worker = new Worker(0, clock, 0, rules, () => {
        resolve('killed')
      })
      const importQueue = {
        send: (body: string, delaySeconds: number) =>
          worker.actOnAws(faults.sqsFails, () => {
            queue.send(body, clock.now(), clock.now() + delaySeconds * 1000)
          }),
      }
      const ports = {
        checkpoints: store.checkpoints(worker, faults.store),
        reports: store.reports(worker, faults.store),
        importQueue,
        ...(isAnswered && { answerQueue: importQueue }),
        clock: worker.clock,
        events: eventsFor({ info: () => undefined, warn: () => undefined, error: () => undefined, count: () => undefined }),
      }
      decideHeldFile(file.source, decision.kind, ports).then(
        ({ kind }) => {
          resolve(kind)
        },
        () => {
          resolve('failed')
        },
      )
    })
  }
}
