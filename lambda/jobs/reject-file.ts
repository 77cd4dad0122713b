import type { Task } from '../intake/task.ts'
import type { Absence, Ports } from '../ports.ts'
import { reject, type Rejection } from '../reasons.ts'
import { fileDeadLetter, type DeadLetterOrigin } from '../settle/build-dead-letter.ts'
import type { Failure } from '../settle/checkpoint.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import { deadLetterDestination } from './quarantine.ts'

/**
 * Rejects a whole file: sends one dead letter for it.
 *
 * @throws the error of SQS
 */
export async function rejectFile(origin: DeadLetterOrigin, rejection: Rejection, ports: Ports): Promise<Failure> {
  const deadLetter = fileDeadLetter(origin, rejection, ports.clock.now())
  const sender = new DeadLetterSender(deadLetterDestination(deadLetter.source, deadLetter.replays, ports), ports.clock)
  sender.send(deadLetter, () => undefined)
  await sender.flush()
  return { kind: 'failed', rejection, replays: origin.replays }
}

/** The failure of a file that S3 does not return. A file in an archive storage class is rejected, since only a person can restore it. */
export async function failUnreadable(why: Absence, { file, replays }: Task, ports: Ports): Promise<Failure> {
  if (why !== 'locked') return { kind: 'missing', state: why }
  return rejectFile({ file, replays }, reject('object_unreadable', 'it is in an archive storage class'), ports)
}
