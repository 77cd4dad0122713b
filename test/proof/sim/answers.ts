import type { FileAnswer } from '../../../lambda/answers/file-answer.ts'
import type { AnswerChannel, ImportQueue, Ports, PushResult } from '../../../lambda/ports.ts'
import type { FaultSource } from './fault-source.ts'
import type { ModelFile } from './model.ts'
import { fileName } from './queue.ts'
import type { Worker } from './worker.ts'

const FAILED: PushResult = { kind: 'failed', code: '503' }

/** A receiver of answers: it fails at times, and the sender may not see that it has accepted one. */
export class AnswerReceiver {
  readonly #received = new Set<string>()

  hasAnswer(file: ModelFile, state: string): boolean {
    return this.#received.has(`${fileName(file.source)} ${state}`)
  }

  channel(worker: Worker, faults: FaultSource): AnswerChannel {
    return {
      name: 'webhook',
      push: (answer) =>
        worker.act(() => {
          if (faults.receiverFails()) return FAILED
          this.#accept(answer)
          return faults.strikes('answerLost') ? FAILED : { kind: 'accepted' }
        }),
    }
  }

  #accept({ file, state }: FileAnswer): void {
    if (file !== undefined) this.#received.add(`${fileName(file)} ${state}`)
  }
}

export function answerPorts(
  worker: Worker,
  answerQueue: ImportQueue,
  receiver: AnswerReceiver,
  faults: FaultSource,
): Pick<Ports, 'answers' | 'answerQueue'> {
  return { answerQueue, answers: { channels: [receiver.channel(worker, faults)], commandOptions: '' } }
}
