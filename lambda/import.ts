import { examineAll, type Entry } from './examine.ts'
import { Head, type Admission } from './head.ts'
import type { Drop } from './intake/drop.ts'
import { diagnoseBytes } from './parse/diagnose.ts'
import { latestTimeFor } from './parse/line.ts'
import type { OpenDrop } from './read/drops.ts'
import { openLines, UnreadableDrop } from './read/lines.ts'
import { reject, type Rejection } from './reasons.ts'
import { ReportKeeper } from './report/keeper.ts'
import { isFinished, reportKey, REPORTS_PREFIX } from './report/report.ts'
import { emptySums, type LedgerSums } from './settle/ledger.ts'
import { dropLetter, type Sender } from './settle/letters.ts'
import { Outbox } from './settle/outbox.ts'
import { Settlement } from './settlement.ts'
import type { World } from './world.ts'

/**
 * Imports a drop: every line of it ends delivered, among the dead letters, or blank, and its report says so.
 *
 * When it returns, the message that asked for it may be acknowledged. When it throws, nothing may: the message has to come again.
 *
 * @param replays how often the drop came back from the dead-letter queue
 * @throws OutageError, SetupError, AccountingError, or what S3 or SQS said
 */
export async function importDrop(drop: Drop, replays: number, world: World): Promise<void> {
  if (drop.key.startsWith(REPORTS_PREFIX)) {
    world.say.ignored('our own report')
    return
  }
  const earlier = await world.reports.find(drop.bucket, reportKey(drop))
  if (earlier !== undefined && isFinished(earlier)) {
    world.say.alreadyImported(drop.key)
    return
  }
  const keeper = new ReportKeeper(drop, earlier, world.reports, world.clock)
  const opened = await world.drops.open(drop)
  switch (opened.kind) {
    case 'gone':
    case 'superseded':
      await keeper.missing(opened.kind, emptySums())
      world.say.missing(drop.key, opened.kind)
      return
    case 'locked':
      await handBack({ drop, replays }, reject('object_unreadable', 'it lies in an archive'), keeper, emptySums(), world)
      return
    case 'open':
      world.say.started(drop.key, opened.bytes, keeper.invocation)
      await keeper.begin(opened.bytes, emptySums())
      await importLines(opened, { drop, replays, lastModified: opened.lastModified }, keeper, world)
  }
}

async function importLines(opened: OpenDrop, sender: Sender, keeper: ReportKeeper, world: World): Promise<void> {
  const settlement = new Settlement(sender, world, 1)
  try {
    const failure = await settleLines(opened, settlement, keeper, world)
    await settlement.finish()
    const sums = settlement.ledger.sums()
    if (failure !== undefined) {
      await handBack(sender, failure, keeper, sums, world)
      return
    }
    const { state, lines } = await keeper.finish(sums)
    world.say.finished(sender.drop.key, state, lines)
  } catch (error) {
    await settlement.abandon(error instanceof Error ? error : new Error(String(error)))
    await keeper.breakOff(settlement.ledger.sums())
    throw error
  }
}

/**
 * The street. The body that S3 opened goes in at the top, its lines come out on their way to their ends, and nothing turns back.
 *
 * Each step takes from the one before it only when there is room, so a slow endpoint slows the S3 socket down, and memory does not
 * depend on the size of the drop.
 *
 * @returns why the drop as a whole has to be handed back, where it has to
 */
async function settleLines(
  opened: OpenDrop,
  settlement: Settlement,
  keeper: ReportKeeper,
  world: World,
): Promise<Rejection | undefined> {
  const apiKey = await world.apiKey()
  const rules = { latestTime: latestTimeFor(opened.lastModified) }
  const reading = await openLines(opened.body, { maxLineBytes: world.limits.maxLineBytes })
  const head = new Head()
  const pass = async (admission: Admission): Promise<Rejection | undefined> => {
    if (admission.kind === 'refused') return admission.rejection
    if (admission.kind === 'admitted') await settleAll(admission.entries, settlement, keeper)
    return undefined
  }
  let breakage: Rejection | undefined
  try {
    const unsupported = diagnoseBytes(reading.start)
    if (unsupported !== undefined) return unsupported
    for await (const batch of reading.batches) {
      const refusal = await pass(head.admit(examineAll(batch, rules, apiKey)))
      if (refusal !== undefined) return refusal
    }
    throwIfCutShort(reading.bytesRead(), opened.bytes)
  } catch (error) {
    if (!(error instanceof UnreadableDrop)) throw error
    if (error.endedEarly) throwIfCutShort(reading.bytesRead(), opened.bytes)
    breakage = reject('object_unreadable', error.message)
  } finally {
    opened.body.destroy()
  }
  return (await pass(head.end())) ?? breakage
}

/** A body that breaks off between two chunks looks like one that has ended; then it is not the drop that is at fault. */
function throwIfCutShort(bytesRead: number, bytes: number): void {
  if (bytesRead !== bytes) throw new Error(`S3 sent ${bytesRead} of ${bytes} bytes of the drop; it is read again`)
}

async function settleAll(entries: Iterable<Entry>, settlement: Settlement, keeper: ReportKeeper): Promise<void> {
  for (const entry of entries) {
    if (!settlement.hasRoom) {
      keeper.progress(() => settlement.ledger.sums())
      await settlement.room()
    }
    keeper.countLine()
    settlement.settle(entry)
  }
}

/** The whole drop comes back: one dead letter, and a report that says `failed`. */
async function handBack(sender: Sender, failure: Rejection, keeper: ReportKeeper, sums: LedgerSums, world: World): Promise<void> {
  const outbox = new Outbox(world.deadLetters, world.clock)
  outbox.post(dropLetter(sender, failure, world.clock.now()), () => undefined)
  await outbox.flush()
  await keeper.finish(sums, failure)
  world.say.dropFailed(sender.drop.key, failure.reason, failure.detail)
}
