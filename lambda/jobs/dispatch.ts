import { BusyError, InterruptedError, OutageError, SetupError } from '../errors.ts'
import { importFile } from './import-file.ts'
import { UnknownMessageError, type Work } from '../intake/message.ts'
import { archiveOld } from './archive-old.ts'
import { reconcile } from './reconcile.ts'
import { replayDeadLetter } from './replay.ts'
import type { Invocation, Ports } from '../ports.ts'

/** Does all that a message asks for, and says why where that cannot be done. @returns whether the message may be acknowledged */
export async function handleMessage(read: () => readonly Work[], ports: Ports, invocation: Invocation): Promise<boolean> {
  try {
    await dispatchAll(read(), ports, invocation)
    return true
  } catch (error) {
    reportError(error, ports)
    return false
  }
}

/** A message is done when all that it asks for is done; what was done before a failure is recognised when it comes again. */
export async function dispatchAll(works: readonly Work[], ports: Ports, invocation: Invocation): Promise<void> {
  for (const work of works) {
    switch (work.kind) {
      case 'task':
        await importFile(work.task, ports, invocation)
        break
      case 'dead-letter':
        await replayDeadLetter(work.deadLetter, ports)
        break
      case 'reconcile':
        await reconcile(ports, invocation.ending)
        break
      case 'archive':
        await archiveOld(ports, invocation.ending)
        break
      case 'ignored':
        ports.events.ignored(work.why)
    }
  }
}

function reportError(error: unknown, { events }: Ports): void {
  if (error instanceof SetupError) events.setupWrong(error.message)
  else if (error instanceof InterruptedError) events.interrupted()
  else if (error instanceof BusyError) events.shownTwice()
  else if (error instanceof OutageError) events.outage(error.message)
  else if (error instanceof UnknownMessageError) events.unknownMessage(error.message)
  else if (error instanceof Error) events.crashed(error.name, error.message, error.stack)
  else events.crashed('not an Error', String(error), undefined)
}
