import type { Mutant } from './mutant.ts'

/** Mistakes about reports that close: lines that are open, fixed or discarded. */
export const CLOSING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a line is closed although a piece of it was in a cancelled file, and was not sent',
    file: 'lambda/jobs/close-replay.ts',
    find: 'isUndelivered(index + 1) || !isSettled(index + 1) ? replacedBy',
    replace: 'isUndelivered(index + 1) ? replacedBy',
    tests: ['test/lambda/jobs/close-replay.test.ts'],
  },
  {
    name: 'a line that was discarded and fixed later is counted twice',
    file: 'lambda/settle/closed-lines.ts',
    find: 'closed: counted(union(fixed, discarded))',
    replace: 'closed: counted(fixed) + counted(discarded)',
    tests: ['test/lambda/settle/closed-lines.test.ts'],
  },
  {
    name: 'a dead letter that a killed run has left closes another line',
    file: 'lambda/settle/closed-lines.ts',
    find: 'undelivered === undefined ? [] : difference(undeliverable, undelivered)',
    replace: '[] as LineRanges',
    tests: ['test/lambda/settle/closed-lines.test.ts'],
  },
  {
    name: 'a replay that writes at the same time overwrites the closed lines of another one',
    file: 'lambda/jobs/close-lines.ts',
    find: 'const next = change(earlier)',
    replace: 'const next = change(read(undefined))',
    tests: ['test/lambda/jobs/close-lines.test.ts'],
  },
  {
    name: 'a writer that others have overtaken leaves its line open in the report',
    file: 'lambda/jobs/close-lines.ts',
    find: 'isContended = true',
    replace: 'return',
    tests: ['test/lambda/jobs/close-lines.test.ts'],
  },
  {
    name: 'a line that is closed while the final report is written stays open',
    file: 'lambda/jobs/close-lines.ts',
    find: 'await countInReport(file, closed, ports) // it may have become final in between',
    replace: '',
    tests: ['test/lambda/jobs/close-lines.test.ts'],
  },
  {
    name: 'a line that was split is closed as soon as one piece of it is delivered',
    file: 'lambda/jobs/close-lines.ts',
    find: 'if (!by.every((each) => isFixed(each) || isDiscarded(each))) return []',
    replace: 'if (!by.some((each) => isFixed(each) || isDiscarded(each))) return []',
    tests: ['test/lambda/jobs/close-lines.test.ts'],
  },
  {
    name: 'a line whose replay was rejected again is closed',
    file: 'lambda/jobs/close-replay.ts',
    find: 'filter((line) => !open.has(nameOf(line)))',
    replace: 'filter(() => true)',
    tests: ['test/lambda/jobs/close-replay.test.ts'],
  },
  {
    name: 'origins are used although they are those of another file',
    file: 'lambda/jobs/close-replay.ts',
    find: 'return lines.length === linesRead && isComplete',
    replace: 'return isComplete',
    tests: ['test/lambda/jobs/close-replay.test.ts'],
  },
  {
    name: 'the lines of a replay are closed after its final report, so a killed run never closes them',
    file: 'lambda/jobs/finish.ts',
    find: `if (failure === undefined) await closeReplaced(importState, ports)
  const storing = failure === undefined ? storeReceipt(importState, parts, ports) : undefined
  await writeFinal(importState, failure, parts, writer, ports).finally(() => storing)`,
    replace: `const storing = failure === undefined ? storeReceipt(importState, parts, ports) : undefined
  await writeFinal(importState, failure, parts, writer, ports).finally(() => storing)
  if (failure === undefined) await closeReplaced(importState, ports)`,
    tests: ['test/lambda/jobs/close-replay.test.ts'],
  },
  {
    name: 'lines that were closed during the import stay open',
    file: 'lambda/jobs/finish.ts',
    find: 'await countClosedBefore(importState.file, ports)',
    replace: 'ports.events.planned(0)',
    tests: ['test/lambda/jobs/close-replay.test.ts'],
  },
  {
    name: 'a redriven line is closed before it is delivered',
    file: 'lambda/jobs/replay.ts',
    find: 'settlement.settle(entry)',
    replace: 'await closeDelivered(deadLetter, ports)\n    settlement.settle(entry)',
    tests: ['test/lambda/jobs/replay.test.ts', 'test/proof/sim/sim.test.ts'],
  },
  {
    name: 'a redriven line is sent again when its report could not be written',
    file: 'lambda/jobs/replay.ts',
    find: 'toBody({ ...deadLetter, delivered: true })',
    replace: 'toBody(deadLetter)',
    tests: ['test/lambda/jobs/replay.test.ts'],
  },
  {
    name: 'a dead letter is removed before it is stored as discarded',
    file: 'cli/rejects/discard-lines.ts',
    find: 'await records.write(claim, ids)',
    replace: 'await records.write(claim, ids)\n  await selection.remove(ids)',
    tests: ['test/cli/rejects/crash-points.test.ts'],
  },
  {
    name: 'a replay removes what a killed discard has stored, and leaves its lines open',
    file: 'cli/rejects/replay-lines.ts',
    find: 'isDiscarded(recorded.get(id)) ? [deadLetter] : []',
    replace: "id === '' ? [deadLetter] : []",
    tests: ['test/cli/rejects/crash-points.test.ts'],
  },
]
