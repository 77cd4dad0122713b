import { NewerVersionError, SetupError } from '../errors.ts'
import { answerTaskBody } from '../intake/answer-task.ts'
import { UnknownMessageError, type Work } from '../intake/message.ts'
import { taggedBody } from '../intake/tagged-object.ts'
import type { Invocation, Ports } from '../ports.ts'
import { pushAnswer } from './answer.ts'
import { archiveOld } from './archive-old.ts'
import { checkExpected } from './expected-file.ts'
import { importFile } from './import-file.ts'
import { toBody } from '../settle/dead-letter.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import { reconcile } from './reconcile.ts'
import { defer, MAX_DELAY_SECONDS } from './requeue.ts'
import { redeliverySeconds } from './visibility.ts'
import { replayDeadLetter } from './replay.ts'
import { skipObject } from './skip-object.ts'
import { decideTagged } from './tagged-file.ts'

/** How long a task waits after the setup was found to be wrong. Each further time doubles it. */
const FIRST_SETUP_DELAY_MS = 30_000

/** Whether to acknowledge a message, and if not, after how long SQS delivers it again. */
export type Handled = { readonly isAcknowledged: true } | { readonly isAcknowledged: false; readonly againSeconds: number }

/** Does everything that an SQS message asks for, and logs why if that is not possible. */
export async function handleMessage(read: () => readonly Work[], ports: Ports, invocation: Invocation): Promise<Handled> {
  const { deliveries } = invocation
  try {
    const outcome = await dispatchAll(read(), ports, invocation)
    logUnfinished(outcome, ports)
    if (isAcknowledged(outcome)) return { isAcknowledged: true }
    const leaseMs = outcome.kind === 'delivered-twice' ? outcome.ms : 0
    return { isAcknowledged: false, againSeconds: redeliverySeconds(deliveries, leaseMs) }
  } catch (error) {
    logError(error, ports)
    return { isAcknowledged: false, againSeconds: redeliverySeconds(deliveries) }
  }
}

/**
 * Does one piece of work after the other, and stops at the first that leaves the message in the queue. When the message is delivered again,
 * work that was done is recognised and skipped.
 */
export async function dispatchAll(works: readonly Work[], ports: Ports, invocation: Invocation): Promise<JobOutcome> {
  for (const work of works) {
    const outcome = await dispatch(work, ports, invocation)
    if (!isAcknowledged(outcome)) return outcome
  }
  return DONE
}

async function dispatch(work: Work, ports: Ports, invocation: Invocation): Promise<JobOutcome> {
  try {
    return await start(work, ports, invocation)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    logSetupError(error, ports)
    return untilSetupIsRight(work, ports)
  }
}

async function start(work: Work, ports: Ports, invocation: Invocation): Promise<JobOutcome> {
  switch (work.kind) {
    case 'task':
      ports.events.about({ file: work.task.file.key, version: work.task.file.versionId ?? work.task.file.etag })
      return (await skipObject(work.task, ports)) ? DONE : importFile(work.task, ports, invocation)
    case 'tagged':
      ports.events.about({ file: work.file.key, version: work.file.versionId ?? work.file.etag })
      await decideTagged(work.file, ports)
      return DONE
    case 'dead-letter':
      return replayDeadLetter(work.deadLetter, ports)
    case 'reconcile':
      await reconcile(work.search, ports, invocation.ending)
      return DONE
    case 'archive':
      await archiveOld(ports, invocation.ending)
      return DONE
    case 'answer':
      return pushAnswer(work.task, ports)
    case 'expected':
      await checkExpected(work.check, ports, invocation.ending)
      return DONE
    case 'newer':
      throw new NewerVersionError('A message in the import queue')
    case 'ignored':
      ports.events.ignored(work.why)
      return DONE
  }
}

/**
 * Queues the work again as a new message, which waits longer each time. If the message itself were delivered again, SQS would move it to
 * the dead-letter queue after a few tries, although nothing is wrong with it.
 */
async function untilSetupIsRight(work: Work, ports: Ports): Promise<JobOutcome> {
  switch (work.kind) {
    case 'task':
      await defer(work.task, work.task.reached, FIRST_SETUP_DELAY_MS, ports)
      return { kind: 'requeued' }
    case 'dead-letter':
      await ports.importQueue.send(toBody(work.deadLetter), MAX_DELAY_SECONDS)
      return { kind: 'requeued' }
    case 'tagged':
      await ports.importQueue.send(taggedBody(work.file), MAX_DELAY_SECONDS)
      return { kind: 'requeued' }
    case 'newer':
      await ports.importQueue.send(work.body, MAX_DELAY_SECONDS)
      return { kind: 'requeued' }
    case 'answer':
      await ports.importQueue.send(answerTaskBody(work.task), MAX_DELAY_SECONDS)
      return { kind: 'requeued' }
    case 'reconcile':
    case 'expected':
    case 'archive': // the message of the next day starts them again
    case 'ignored':
      return DONE
  }
}

/** Whether the message can be acknowledged: its work is done, or another message asks for the rest. */
export function isAcknowledged({ kind }: JobOutcome): boolean {
  return kind === 'done' || kind === 'requeued' || kind === 'yielded'
}

function logUnfinished(outcome: JobOutcome, { events }: Ports): void {
  switch (outcome.kind) {
    case 'interrupted':
      events.interrupted()
      return
    case 'delivered-twice':
      events.deliveredTwice()
      return
    case 'lease-lost':
      events.leaseLost()
      return
    case 'message-lost':
      events.messageLost()
      return
    case 'outage':
      events.outage(outcome.detail)
      return
    case 'done':
    case 'requeued':
    case 'yielded':
  }
}

function logSetupError(error: SetupError, { events }: Pick<Ports, 'events'>): void {
  if (error instanceof NewerVersionError) events.newerVersion(error.message)
  else events.setupWrong(error.message)
}

/** A thrown error is a bug, or an error of S3 or SQS; or the setup is so wrong that the work cannot even be queued again. */
function logError(error: unknown, { events }: Pick<Ports, 'events'>): void {
  if (error instanceof SetupError) logSetupError(error, { events })
  else if (error instanceof UnknownMessageError) events.unknownMessage(error.message)
  else if (error instanceof Error) events.crashed(error.name, error.message, error.stack)
  else events.crashed('not an Error', String(error), undefined)
}
