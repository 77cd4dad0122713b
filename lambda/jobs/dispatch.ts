import { BusyError, Interrupted, OutageError, SetupError } from '../errors.ts'
import { importTask } from './import-file.ts'
import { UnknownMessage, type Work } from '../intake/message.ts'
import { archiveOld } from './archive-old.ts'
import { reconcile } from './reconcile.ts'
import { replayDeadLetter } from './replay.ts'
import type { Invocation, World } from '../ports.ts'

/** Does all that a message asks for, and says why where that cannot be done. @returns whether the message may be acknowledged */
export async function settleMessage(read: () => readonly Work[], world: World, invocation: Invocation): Promise<boolean> {
  try {
    await carryOutAll(read(), world, invocation)
    return true
  } catch (error) {
    sayWhy(error, world)
    return false
  }
}

/** A message is done when all that it asks for is done; what was done before a failure is recognised when it comes again. */
export async function carryOutAll(works: readonly Work[], world: World, invocation: Invocation): Promise<void> {
  for (const work of works) {
    switch (work.kind) {
      case 'task':
        await importTask(work.task, world, invocation)
        break
      case 'dead-letter':
        await replayDeadLetter(work.deadLetter, world)
        break
      case 'reconcile':
        await reconcile(world, invocation.ending)
        break
      case 'archive':
        await archiveOld(world, invocation.ending)
        break
      case 'ignored':
        world.say.ignored(work.why)
    }
  }
}

function sayWhy(error: unknown, { say }: World): void {
  if (error instanceof SetupError) say.setupWrong(error.message)
  else if (error instanceof Interrupted) say.interrupted()
  else if (error instanceof BusyError) say.shownTwice()
  else if (error instanceof OutageError) say.outage(error.message)
  else if (error instanceof UnknownMessage) say.unknownMessage(error.message)
  else if (error instanceof Error) say.crashed(error.name, error.message, error.stack)
  else say.crashed('not an Error', String(error), undefined)
}
