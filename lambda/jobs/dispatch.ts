import { SetupError } from '../errors.ts'
import { UnknownMessageError, type Work } from '../intake/message.ts'
import type { Invocation, Ports } from '../ports.ts'
import { archiveOld } from './archive-old.ts'
import { importFile } from './import-file.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import { reconcile } from './reconcile.ts'
import { replayDeadLetter } from './replay.ts'

/** Does everything that an SQS message asks for, and logs why if that is not possible. @returns whether to acknowledge the message */
export async function handleMessage(read: () => readonly Work[], ports: Ports, invocation: Invocation): Promise<boolean> {
  try {
    const outcome = await dispatchAll(read(), ports, invocation)
    logUnfinished(outcome, ports)
    return isAcknowledged(outcome)
  } catch (error) {
    logError(error, ports)
    return false
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
  switch (work.kind) {
    case 'task':
      return importFile(work.task, ports, invocation)
    case 'dead-letter':
      return replayDeadLetter(work.deadLetter, ports)
    case 'reconcile':
      await reconcile(ports, invocation.ending)
      return DONE
    case 'archive':
      await archiveOld(ports, invocation.ending)
      return DONE
    case 'ignored':
      ports.events.ignored(work.why)
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
    case 'outage':
      events.outage(outcome.detail)
      return
    case 'done':
    case 'requeued':
    case 'yielded':
  }
}

/** A thrown error is a bug, an error of S3 or SQS, or something that only a person can fix. */
function logError(error: unknown, { events }: Ports): void {
  if (error instanceof SetupError) events.setupWrong(error.message)
  else if (error instanceof UnknownMessageError) events.unknownMessage(error.message)
  else if (error instanceof Error) events.crashed(error.name, error.message, error.stack)
  else events.crashed('not an Error', String(error), undefined)
}
