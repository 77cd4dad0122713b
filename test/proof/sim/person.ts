import { eventsFor } from '../../../lambda/events.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { reportKey, safetyKey } from '../../../lambda/keys.ts'
import { isFinal, type Report } from '../../../lambda/report/report.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'
import type { FaultSource } from './fault-source.ts'
import type { ModelFile } from './model.ts'
import type { Observed } from './observed.ts'
import { Worker, type Rules } from './worker.ts'

/** A person looks at a file that waits for a decision this often. */
const LOOKS_EVERY_MS = 600_000

export interface PersonOptions {
  readonly file: ModelFile
  readonly clock: VirtualClock
  readonly rules: Rules
  readonly faults: FaultSource
  readonly observed: Pick<Observed, 'store' | 'queue' | 'isAnswered'>
  readonly isOver: () => boolean
}

/**
 * A person who releases or discards a held file with `km-import`, from a given time on, and runs the command again if it fails or is killed.
 * A file that could not be surveyed within short invocations is released. Resolves when the decision is made, or the file needs none.
 *
 * @returns whether the file was held
 */
export async function decideAsPerson({ file, clock, rules, faults, observed, isOver }: PersonOptions): Promise<boolean> {
  const decision = file.scenario.decision ?? ({ kind: 'released', at: 0 } as const)
  await clock.sleep(file.from - clock.now() + decision.at)
  while (!isOver()) {
    const safety = observed.store.read(safetyKey(file.source)) as Safety | undefined
    if (safety?.decision === 'held' || safety?.decision === decision.kind) {
      const result = await runCommand()
      if (result === 'decided' || result === 'decided-before') return true
    }
    const report = observed.store.read(reportKey(file.source)) as Report | undefined
    if (report !== undefined && isFinal(report)) return false
    await clock.sleep(LOOKS_EVERY_MS)
  }
  return false

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
